package search_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/search"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/trialtest"
	"github.com/racebench/racebench/scenario"
)

func TestAScenarioTooLargeForItsStepsIsRefused(t *testing.T) {
	for _, tc := range []struct {
		steps, trials string
		refused       bool
	}{
		{"5000", "30", false},
		{"60", "30", true},
		{"60", "3", true},
	} {
		text := strings.Replace(trialtest.SmallBroker, "VARIANT", "reference, gate-only", 1)
		text = strings.Replace(text, "max_steps: 5000", "max_steps: "+tc.steps, 1) + "trials: " + tc.trials + "\n"
		p := compile(t, text)
		folds, _, err := search.SearchSchedules(context.Background(), []trial.Program{p}, []scenario.Seed{1},
			batch.Budget{}, trial.Config{Catalog: catalog})
		var large *search.TooLarge
		if errors.As(err, &large) != tc.refused || err != nil && large == nil {
			t.Fatalf("%s steps: %v", tc.steps, err)
		}
		if !tc.refused {
			continue
		}
		if len(folds) > 0 {
			t.Error("something was searched")
		}
		for _, want := range []string{":8:6: ", "broker/two-phase", "spent their 60 steps", "lower ops (8) or clients (2), or the knobs mailbox, stage1, batch, there", "raise max_steps (60)"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q is not in: %v", want, err)
			}
		}
	}
}
