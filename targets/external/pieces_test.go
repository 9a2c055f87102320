//go:build linux

package external_test

import (
	"fmt"
	"slices"
	"strings"
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
	t.Parallel()
	for _, client := range []string{"http-stream", "http2"} {
		t.Run(client, func(t *testing.T) {
			t.Parallel()
			c := run(t, "stops-short", "", asks(client, "/list"), manyTrials)
			if c.Verdict != result.Breached || !slices.Equal(classes(c), []string{stoppedShort}) {
				t.Errorf("%s: %v, warnings %v; notes %v", c.Verdict, classes(c), warnings(t, c), c.Notes)
			}
		})
	}
	t.Run("sized", func(t *testing.T) {
		t.Parallel()
		c := run(t, "stops-short", "", asks("http-keepalive", "/sized-list"), 3)
		if c.Verdict != result.Passed || !slices.Contains(warnings(t, c), stoppedShort) {
			t.Errorf("%s: %v, warnings %v; notes %v", c.Verdict, classes(c), warnings(t, c), c.Notes)
		}
	})
}

// TestAnswersThatAreAsTheyAre reports nothing, and warns of nothing, where answers are whole, however their lengths differ.
func TestAnswersThatAreAsTheyAre(t *testing.T) {
	t.Parallel()
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

// TestAnswersWithoutTheirEnd finds answers that a program ends properly and without what the scenario says whole ones end
// with, whatever they are made of; those that have it are whole, and an end that no answer has is told in the control run.
func TestAnswersWithoutTheirEnd(t *testing.T) {
	ask := func(client, path, end string) string {
		return fmt.Sprintf("\n  - {client: %s, path: %s, clients: 8, ends: %q}\n", client, path, end)
	}
	for _, tc := range []struct{ server, client, path, end string }{
		{"stops-short", "http-stream", "/list", "end"},
		{"stops-short", "http-keepalive", "/sized-list", "item 7"},
		{"stops-short", "http2", "/list", "end"},
	} {
		t.Run(tc.client, func(t *testing.T) {
			c := run(t, tc.server, "", ask(tc.client, tc.path, tc.end), manyTrials)
			if c.Verdict != result.Breached || !slices.Equal(classes(c), []string{stoppedShort}) {
				t.Errorf("%s: %v, warnings %v; notes %v", c.Verdict, classes(c), warnings(t, c), c.Notes)
			}
		})
	}
	for _, path := range []string{"/list", "/varied"} {
		t.Run("whole "+path, func(t *testing.T) {
			c := run(t, "shutdown", "", ask("http-stream", path, "end"), 3)
			if c.Verdict != result.Passed || slices.Contains(warnings(t, c), stoppedShort) {
				t.Errorf("%s: %v, warnings %v; notes %v", c.Verdict, classes(c), warnings(t, c), c.Notes)
			}
		})
	}
	for _, more := range []string{"path: /slow, method: HEAD", "path: /unchanged, status: [2xx, 304]"} {
		t.Run("no body: "+more, func(t *testing.T) {
			for _, client := range []string{"http-keepalive", "http2"} {
				c := run(t, "shutdown", "", "\n  - {client: "+client+", clients: 8, ends: end, "+more+"}\n", 2)
				if c.Verdict != result.Passed || slices.Contains(warnings(t, c), stoppedShort) {
					t.Errorf("%s: %s: %v, warnings %v; notes %v, void %v", client, c.Verdict, classes(c), warnings(t, c), c.Notes, c.Void)
				}
			}
		})
	}
	t.Run("no such end", func(t *testing.T) {
		c := run(t, "shutdown", "", ask("http-stream", "/ticks", "end"), 3)
		if c.Verdict != result.Untested || len(c.Judged) != 1 || !strings.Contains(c.Judged[0].Void, `does not end with "end"`) {
			t.Errorf("%s: %v, judged %+v", c.Verdict, classes(c), c.Judged)
		}
	})
}
