//go:build linux

package external_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/racebench/racebench/engine/result"
)

const stoppedShort = "every-request-answered/answer-cut/short"

func asks(client, path string) string {
	return fmt.Sprintf("\n  - {client: %s, path: %s, clients: 8}\n", client, path)
}

// TestAnswersThatStopShort finds answers that a program ends before their time, with a proper end. What says how long it
// is only warns.
func TestAnswersThatStopShort(t *testing.T) {
	for _, client := range []string{"http-stream", "http2"} {
		t.Run(client, func(t *testing.T) {
			c := run(t, "stops-short", "", asks(client, "/list"), manyTrials)
			if c.Verdict != result.Breached || !slices.Equal(classes(c), []string{stoppedShort}) {
				t.Errorf("%s: %v, warnings %v; notes %v", c.Verdict, classes(c), warnings(t, c), c.Notes)
			}
		})
	}
	t.Run("sized", func(t *testing.T) {
		c := run(t, "stops-short", "", asks("http-keepalive", "/sized-list"), 3)
		if c.Verdict != result.Passed || !slices.Contains(warnings(t, c), stoppedShort) {
			t.Errorf("%s: %v, warnings %v; notes %v", c.Verdict, classes(c), warnings(t, c), c.Notes)
		}
	})
}

// TestAnswersThatAreAsTheyAre reports nothing, and warns of nothing, where answers are whole, however their lengths differ.
func TestAnswersThatAreAsTheyAre(t *testing.T) {
	for _, path := range []string{"/list", "/sized-list", "/varied", "/ticks", "/json", "/sized", "/download"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			c := run(t, "shutdown", "", asks("http-stream", path), 3)
			if c.Verdict != result.Passed || slices.Contains(warnings(t, c), stoppedShort) {
				t.Errorf("%s: %v, warnings %v; notes %v", c.Verdict, classes(c), warnings(t, c), c.Notes)
			}
		})
	}
}
