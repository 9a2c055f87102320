package search_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/search"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/trialtest"
	"github.com/racebench/racebench/scenario"
)

func TestASearchTellsWhatItFinds(t *testing.T) {
	var told []trial.Progress
	p := compile(t, strings.Replace(trialtest.SmallBroker, "VARIANT", "timeout-drain", 1))
	folds, _, err := search.SearchSchedules(t.Context(), []trial.Program{p}, []scenario.Seed{1}, batch.Budget{Trials: 1000},
		trial.Config{Parallel: 2, Progress: func(g trial.Progress) { told = append(told, g) }})
	if err != nil {
		t.Fatal(err)
	}
	last := told[len(told)-1]
	if !last.Schedules || last.Done < 800 || last.Outcomes < 3 || last.Breached < 100 {
		t.Errorf("told at the end: %+v", last)
	}
	for _, c := range last.Classes {
		i := slices.IndexFunc(folds[0].Breaches, func(b result.RowBreach) bool { return b.Class == c.Class })
		if i < 0 || c.Trials > folds[0].Breaches[i].Trials || c.Trials < folds[0].Breaches[i].Trials-2*64 {
			t.Errorf("told of %s in %d schedules; the result is %+v", c.Class, c.Trials, folds[0].Breaches)
		}
	}
	for i, g := range told[1:] {
		if g.Outcomes < told[i].Outcomes || len(g.Classes) < len(told[i].Classes) {
			t.Errorf("what was told is taken back: %+v, then %+v", told[i], g)
		}
	}
}

// Workers that come for the last schedule at once do not both take it: a search would not be the sum of its parts.
func TestASearchRunsWhatWasPlanned(t *testing.T) {
	p := compile(t, strings.Replace(trialtest.SmallBroker, "VARIANT", "timeout-drain", 1))
	for range 200 {
		folds, _, err := search.SearchSchedules(t.Context(), []trial.Program{p}, []scenario.Seed{1}, batch.Budget{Trials: 40}, trial.Config{Parallel: 40})
		if err != nil {
			t.Fatal(err)
		}
		if n := folds[0].Trials; n.Run != 40 {
			t.Fatalf("of 40 schedules %d were run", n.Run)
		}
	}
}
