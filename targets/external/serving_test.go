//go:build linux

package external_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/racebench/racebench/engine/result"
)

// TestWhoKeepsServingWhom tells a hung program that goes on with the connections it has from one that took new ones for
// most of its time, whose clients are answered as often.
func TestWhoKeepsServingWhom(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ mode, client, path, class string }{
		{"serves-the-old", "http-keepalive", "/", "keeps-serving"},
		{"serves-the-old", "http2", "/", "keeps-serving"},
		{"serves-the-old", "write-http", "/kv/{id}", "keeps-serving"},
		{"accepts-for-long", "http-oneshot", "/", "stuck"},
	} {
		t.Run(tc.mode+" "+tc.client, func(t *testing.T) {
			t.Parallel()
			load := fmt.Sprintf("\n  - {client: %s, path: %q, clients: 2, shape: slow, delay: 5ms}\n", tc.client, tc.path)
			c := run(t, tc.mode, dataEnv+"\ndrain_limit: 3s", load, 1)
			if want := "drain-ends/program/" + tc.class; c.Verdict != result.Hung || !slices.Contains(classes(c), want) {
				t.Errorf("%s, %v, want %s; notes %v", c.Verdict, classes(c), want, c.Notes)
			}
		})
	}
}
