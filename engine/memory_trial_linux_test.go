package engine_test

import (
	"testing"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/trialtest"
)

// A trial's memory is that of its process: an ample bound holds, one that no Go program keeps does not.
func TestATrialsMemoryIsMeasured(t *testing.T) {
	folds, _ := campaign(t, trialtest.ToyWith("good")+"thresholds: [memory < 64GiB, memory < 64KiB]\n", trial.Config{})
	fold := folds[0]
	if fold.Verdict != result.Missed || len(fold.Thresholds) != 2 {
		t.Fatalf("verdict %s, thresholds %v, want missed by the second of two", fold.Verdict, fold.Thresholds)
	}
	for i, held := range []bool{true, false} {
		if c := fold.Thresholds[i]; c.Value == nil || c.Holds != held {
			t.Errorf("%s: %v bytes, holds %v", c.Expr, c.Value, c.Holds)
		}
	}
	for _, trial := range fold.Judged {
		if trial.Verdict != result.Void && trial.Memory < 64<<10 {
			t.Errorf("trial %d: %d bytes", trial.Index, trial.Memory)
		}
	}
}
