package engine

import (
	"fmt"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario"
)

// smallRunner plays schedules of one variant for a shrinking.
type smallRunner struct {
	m    *Simulator
	plan Plan
	seed scenario.Seed
}

func (r smallRunner) planOf(w explore.Workload) Plan {
	small := SmallWorld{Ops: w.Ops, Clients: w.Clients, MaxSteps: r.plan.Small.MaxSteps}
	return NewSmallPlan(r.plan.Program, small, r.plan.Variant, r.seed, w.Trial, r.plan.ID.Build)
}

// Run implements explore.Runner.
func (r smallRunner) Run(w explore.Workload, s world.Strategy) (explore.Outcome, error) {
	o := explore.Outcome{}
	var last *world.Task
	t, res, err := r.m.Watch(r.planOf(w), s, func(step world.Step) {
		if step.Task != last {
			o.Switches++
			last = step.Task
		}
	})
	o.Classes, o.Result = t.Classes(), res
	return o, err
}

// ShrinkFile makes a failing schedule small while it shows class, and returns the file of what is left.
// The file that is returned has been replayed and shows the class.
func (m *Simulator) ShrinkFile(f *explore.File, class string, b explore.ShrinkBudget, catalog Catalog) (*explore.File, explore.Shrunk, error) {
	plan, stale, err := PlanOfFile(f, catalog)
	if err == nil && stale != "" {
		err = fmt.Errorf("shrink the schedule: it is stale: %s", stale)
	}
	if err != nil {
		return nil, explore.Shrunk{}, err
	}
	seed, _ := scenario.ParseSeed(f.Seed) // PlanOfFile has parsed it
	runner := smallRunner{m, plan, seed}
	start := explore.Failing{
		Workload:   explore.Workload{Ops: f.Ops, Clients: f.Clients, Trial: f.Index},
		Deviations: f.Deviations,
	}
	shrunk, err := explore.Shrink(runner, class, start, b)
	if err != nil {
		return nil, shrunk, err
	}
	small, _, err := m.RecordFailure(runner.planOf(shrunk.Workload), explore.Replay(shrunk.Deviations), f.Strategy)
	return small, shrunk, err
}
