package engine_test

import (
	"os"
	"testing"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/trialtest"
	"github.com/racebench/racebench/internal/rundir"
)

// A record that lost its end must neither accuse a correct server of what it no longer shows nor pass it.
func TestATornRecordProvesNothing(t *testing.T) {
	_, run := campaign(t, trialtest.ToyWith("good"), trial.Config{Keep: trial.KeepAll})
	dirs, err := rundir.OpenTrial(run.Path())
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(dirs[0].Ledger())
	if err != nil {
		t.Fatal(err)
	}
	if trial, err := trial.Judge(dirs[0], trial.Config{Catalog: catalog}); err != nil || trial.Verdict != result.Passed {
		t.Fatalf("the whole record: %s, error %v; void %q, breaches %v", trial.Verdict, err, trial.Void, trial.Breaches)
	}
	const cuts = 200
	for i := 1; i < cuts; i++ {
		size := len(whole) * i / cuts
		if err := os.WriteFile(dirs[0].Ledger(), whole[:size], 0o644); err != nil {
			t.Fatal(err)
		}
		trial, err := trial.Judge(dirs[0], trial.Config{Catalog: catalog})
		if err != nil {
			t.Fatalf("cut at %d of %d bytes: %v", size, len(whole), err)
		}
		if trial.Verdict != result.Void || trial.Void == "" {
			t.Errorf("cut at %d of %d bytes: %s; breaches %v", size, len(whole), trial.Verdict, trial.Breaches)
		}
	}
}
