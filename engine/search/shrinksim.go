package search

import (
	"context"
	"errors"
	"fmt"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario"
)

// smallRunner plays schedules of one variant for a shrinking.
type smallRunner struct {
	m    *trial.Simulator
	plan trial.Plan
	seed scenario.Seed
}

func (r smallRunner) planOf(w explore.Workload) trial.Plan {
	small := trial.SmallWorld{Ops: w.Ops, Clients: w.Clients, MaxSteps: r.plan.Small.MaxSteps}
	plan := trial.NewSmallPlan(r.plan.Program, small, r.plan.Variant, r.seed, w.Trial, r.plan.ID.Build)
	if w.Trial == r.plan.ID.Index {
		plan = plan.Replacement(r.plan.ID.Replacement)
	}
	return plan
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

// errHurry ends a shrinking before its time. What it has come to by then is good.
var errHurry = errors.New("nobody waits any longer")

// leastShrunkSteps is what each class may have of them however short the time.
const leastShrunkSteps = 20_000

// A hurry is the few steps that shrinking may take when ctx has ended and somebody waits for the end. They are counted,
// so that no clock decides what comes out of a run that was asked to stop before any shrinking began.
type hurry struct {
	ctx  context.Context
	left int // for all classes of the run together
	each int // for the one at hand
}

// next is the hurry of the next class.
func (h *hurry) next() *hurry {
	h.each = leastShrunkSteps
	return h
}

func (h *hurry) over() bool {
	return h != nil && h.ctx.Err() != nil && (h.left <= 0 || h.each <= 0)
}

func (h *hurry) took(steps int) {
	if h != nil && h.ctx.Err() != nil {
		h.left -= steps
		h.each -= steps
	}
}

// hurriedRunner runs until the hurry is over.
type hurriedRunner struct {
	explore.Runner
	rush *hurry // nil is none
}

// Run implements explore.Runner.
func (r hurriedRunner) Run(w explore.Workload, s world.Strategy) (explore.Outcome, error) {
	if r.rush.over() {
		return explore.Outcome{}, errHurry
	}
	o, err := r.Runner.Run(w, s)
	r.rush.took(o.Result.Steps)
	return o, err
}

// shrinkFile makes a failing schedule small while it shows class, and returns the file of what is left.
// The file that is returned has been replayed and shows the class.
func shrinkFile(m *trial.Simulator, f *explore.File, class string, b explore.ShrinkBudget, catalog trial.Catalog, rush *hurry) (*explore.File, explore.Shrunk, error) {
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
	shrunk, err := explore.Shrink(hurriedRunner{runner, rush}, class, start, b)
	if err != nil && !errors.Is(err, errHurry) {
		return nil, shrunk, err
	}
	small, _, err := RecordFailure(m, runner.planOf(shrunk.Workload), explore.Replay(shrunk.Deviations), f.Strategy)
	return small, shrunk, err
}
