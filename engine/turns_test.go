package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/trialtest"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
)

// Trials of two sides alternate and share their seeds, and each side has its own verdict.
func TestSidesTakeTurns(t *testing.T) {
	run, err := rundir.Create(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	type turn struct{ side, index, number int }
	var order []turn
	side := func(i int, variant string) engine.Side {
		c := trial.Config{Catalog: catalog, Keep: trial.KeepNone}
		c.Progress = func(p trial.Progress) { order = append(order, turn{i, p.Trial, p.Number}) }
		return engine.Side{Programs: []trial.Program{compile(t, trialtest.ToyWith(variant))}, Config: c}
	}
	folds, err := engine.RunInTurns(t.Context(), []engine.Side{side(0, "good"), side(1, "loses")}, []scenario.Seed{7}, batch.Budget{Trials: 2}, run)
	if err != nil {
		t.Fatal(err)
	}
	want := []turn{{0, 0, 1}, {1, 0, 2}, {0, 1, 3}, {1, 1, 4}}
	for i, w := range want {
		if i >= len(order) || order[i] != w {
			t.Fatalf("the order is %v", order)
		}
	}
	base, head := folds[0][0], folds[1][0]
	if base.Verdict != result.Passed || head.Verdict != result.Breached {
		t.Errorf("verdicts are %s and %s", base.Verdict, head.Verdict)
	}
	for i := range min(len(base.Judged), len(head.Judged)) { // a void trial is replaced, on its side alone
		if base.Judged[i].Seed != head.Judged[i].Seed {
			t.Errorf("trial %d has seeds %s and %s", i, base.Judged[i].Seed, head.Judged[i].Seed)
		}
	}
}

// What ends a comparison early is what the head shows and the base does not, and it ends both.
func TestFailFastEndsBothSides(t *testing.T) {
	planted := strings.Replace(trialtest.ToyWith("exits"), "load:", "known: [{class: process-survives/*, planted: true}]\nload:", 1)
	for _, tc := range []struct {
		name       string
		base, head []string // scenarios
		each       int      // valid trials of either side, of three planned
		results    int      // of either side
	}{
		{"the head's finding", []string{trialtest.ToyWith("good"), trialtest.ToyWith("good")}, []string{trialtest.ToyWith("exits"), trialtest.ToyWith("good")}, 1, 1},
		{"the base's own finding", []string{trialtest.ToyWith("exits"), trialtest.ToyWith("good")}, []string{trialtest.ToyWith("good"), trialtest.ToyWith("good")}, 3, 2},
		{"a finding on base too", []string{trialtest.ToyWith("exits")}, []string{trialtest.ToyWith("exits")}, 3, 1},
		{"a known one", []string{trialtest.ToyWith("good")}, []string{planted}, 3, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			run, err := rundir.Create(t.TempDir(), time.Now())
			if err != nil {
				t.Fatal(err)
			}
			side := func(scenarios []string) engine.Side {
				s := engine.Side{Config: trial.Config{Catalog: catalog, Keep: trial.KeepNone, FailFast: true}}
				for _, text := range scenarios {
					s.Programs = append(s.Programs, compile(t, strings.Replace(text, "drain_limit: 200ms", "drain_limit: 5s", 1)))
				}
				return s
			}
			seeds := []scenario.Seed{7, 7}
			folds, err := engine.RunInTurns(t.Context(), []engine.Side{side(tc.base), side(tc.head)}, seeds, batch.Budget{Trials: 3}, run)
			if err != nil {
				t.Fatal(err)
			}
			for i, of := range folds {
				if got := of[0].Trials.Run; got != tc.each || of[0].Verdict == result.Untested || len(of) != tc.results {
					t.Errorf("side %d: %d results, the first of %d valid trials, %s", i, len(of), got, of[0].Verdict)
				}
			}
		})
	}
}

// The failure of one side is racebench's own: the other does not run to its end first.
func TestOneSidesFailureEndsBoth(t *testing.T) {
	for broken := range 2 {
		run, err := rundir.Create(t.TempDir(), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		told := 0
		var sides []engine.Side
		for i := range 2 {
			c := trial.Config{Catalog: catalog, Keep: trial.KeepNone, Progress: func(trial.Progress) { told++ }}
			if i == broken {
				c.Executable = t.TempDir() // cannot be started
			}
			sides = append(sides, engine.Side{Programs: []trial.Program{compile(t, trialtest.ToyWith("good"))}, Config: c})
		}
		folds, err := engine.RunInTurns(t.Context(), sides, []scenario.Seed{7}, batch.Budget{Trials: 3}, run)
		if err == nil || told != broken {
			t.Errorf("side %d broken: %d trials, error %v", broken, told, err)
		}
		for i := range folds {
			if len(folds[i]) != 1 {
				t.Errorf("side %d broken: side %d has %d results", broken, i, len(folds[i]))
			}
		}
	}
}
