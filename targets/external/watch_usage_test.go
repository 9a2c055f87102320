//go:build linux

package external_test

import (
	"testing"

	"github.com/racebench/racebench/engine/result"
)

// TestWhatAProgramUsesIsMeasured holds connections open and finds them among the program's descriptors. It hangs, so
// that they are there to be counted for seconds.
func TestWhatAProgramUsesIsMeasured(t *testing.T) {
	t.Parallel()
	c := run(t, "hangs", "drain_limit: 3s\nthresholds: [memory > 1MiB]", "\n  - {client: websocket, clients: 20, path: /ws}\n", 1)
	rep, err := result.NewReport([]*result.Campaign{c})
	if err != nil {
		t.Fatal(err)
	}
	row := rep.Results[0]
	if p := row.Peak; p == nil || p.MemoryBytes < 1<<20 || p.Threads < 2 || p.Descriptors < 20 {
		t.Errorf("%s: %+v", row.Verdict, row.Peak)
	}
	if len(row.Thresholds) != 1 || !row.Thresholds[0].Holds {
		t.Errorf("%+v", row.Thresholds)
	}
	if m := row.PerTrial[0].Metrics; m["threads"] < 2 || m["descriptors"] < 20 {
		t.Errorf("of the trial: %v", m)
	}
}
