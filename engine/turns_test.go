package engine_test

import (
	"testing"
	"time"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/result"
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
		c := engine.Config{Catalog: catalog, Keep: engine.KeepNone}
		c.Progress = func(p engine.Progress) { order = append(order, turn{i, p.Trial, p.Number}) }
		return engine.Side{Programs: []engine.Program{compile(t, toyWith(variant))}, Config: c}
	}
	folds, err := engine.RunInTurns(t.Context(), []engine.Side{side(0, "good"), side(1, "loses")}, []scenario.Seed{7}, engine.Budget{Trials: 2}, run)
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
	for i := range min(len(base.Trials), len(head.Trials)) { // a void trial is replaced, on its side alone
		if base.Trials[i].Seed != head.Trials[i].Seed {
			t.Errorf("trial %d has seeds %s and %s", i, base.Trials[i].Seed, head.Trials[i].Seed)
		}
	}
}
