package main

import (
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/reach"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
)

// TestPID1KeepsToTheProbesTime leaves the run as PID 1 out where it would not fit into the rest of the time. Where it
// would it is tried, and ends early, for want of a seed.
func TestPID1KeepsToTheProbesTime(t *testing.T) {
	p := trial.Program{Scenario: scenario.Scenario{External: &spec.Value{}}}
	for spent, want := range map[time.Duration]string{48 * time.Second: "not have been enough", 44 * time.Second: "seed"} {
		fold := result.NewCampaign(result.Header{}, result.Rules{})
		fold.Add(result.Trial{Verdict: result.Passed})
		fold.Judged = make([]result.Trial, 3)
		(&app{}).asPID1(t.Context(), p, fold, reach.Rule{}, spent, time.Minute)
		if len(fold.Notes) != 1 || !strings.Contains(fold.Notes[0], want) {
			t.Errorf("after %s: %q, want %q", spent, fold.Notes, want)
		}
	}
}
