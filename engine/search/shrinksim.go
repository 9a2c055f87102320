package search

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/racebench/racebench/engine/draw"
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

const (
	// triedInWorld is how many schedules of a smaller world are played before it counts as one without the breach.
	triedInWorld = 30
	// worldShare is the part of a class's steps that may be spent on making its world small.
	worldShare = 0.4
)

// A worldShrinker takes away of a drawn world what a class of breach does not need.
type worldShrinker struct {
	m     *trial.Simulator
	from  *draw.Source
	seed  scenario.Seed
	class string
	rush  *hurry
	left  int // steps
}

// A showing is a schedule of a world that shows the class.
type showing struct {
	plan       trial.Plan
	deviations []explore.Deviation
}

// shrink returns the smallest world that was found to show the class, with a schedule that does. What is left out is
// left out one thing after the other: a world that still shows the class takes the place of the one before.
func (s *worldShrinker) shrink(at showing) (showing, error) {
	return takeAway(at,
		func() bool { return s.left <= 0 || s.rush.over() },
		func(at showing) []draw.World { return s.from.Reductions(at.plan.Program) },
		func(at showing) int { return len(at.plan.Program.Scenario.Inject) + len(at.plan.Program.Scenario.Load) },
		s.find)
}

// takeAway replaces at by the first of its smaller worlds that find finds to show the same, until none does or it is over. What comes next
// takes the place in the list of what was taken away; with an injection or a load group less, what was needed before may be
// needed no more, and everything is tried again.
func takeAway[S, W any](at S, over func() bool, smaller func(S) []W, parts func(S) int, find func(S, W) (S, bool, error)) (S, error) {
	worlds := smaller(at)
	for i := 0; i < len(worlds) && !over(); {
		next, ok, err := find(at, worlds[i])
		if err != nil {
			return at, err
		}
		if !ok {
			i++
			continue
		}
		if parts(next) != parts(at) {
			i = 0
		}
		at = next
		worlds = smaller(at)
	}
	return at, nil
}

// find looks for a schedule of a world that shows the class: the known one where it still fits, else others.
func (s *worldShrinker) find(known showing, w draw.World) (showing, bool, error) {
	at := func(index int) trial.Plan {
		return trial.NewSmallPlan(w.Small, w.Bounds, known.plan.Variant, s.seed, index, known.plan.ID.Build)
	}
	index := known.plan.ID.Index
	if next, ok, err := s.play(at(index), explore.Replay(known.deviations)); ok || err != nil {
		return next, ok, err
	}
	for i := range triedInWorld {
		if s.left <= 0 || s.rush.over() {
			break
		}
		by := explore.Portfolio(i).New(rand.New(rand.NewPCG(uint64(index), uint64(i))), explore.Hints{})
		if next, ok, err := s.play(at(index+i), by); ok || err != nil {
			return next, ok, err
		}
	}
	return known, false, nil
}

// play plays one schedule and says whether it shows the class.
func (s *worldShrinker) play(plan trial.Plan, by world.Strategy) (showing, bool, error) {
	recorder := explore.Record(by)
	t, r, err := s.m.Run(plan, recorder)
	s.left -= r.Steps
	s.rush.took(r.Steps)
	return showing{plan, recorder.Deviations()}, slices.Contains(t.Classes(), s.class), err
}
