package search

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/racebench/racebench/engine/draw"
	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario"
)

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

// shrinkWorld takes away of a failure's world what its class does not need, and records a schedule of what is left. It
// returns what its steps leave of the budget.
func shrinkWorld(m *trial.Simulator, f Failure, file *explore.File, b explore.ShrinkBudget, rush *hurry) (*explore.File, explore.ShrinkBudget, error) {
	b.Steps = cmp.Or(b.Steps, explore.MaxShrinkSteps)
	seed, err := scenario.ParseSeed(f.Plan.ID.CampaignSeed)
	if err != nil {
		return nil, b, err
	}
	share := int(worldShare * float64(b.Steps))
	s := &worldShrinker{m: m, from: f.from, seed: seed, class: f.Class, rush: rush, left: share}
	small, err := s.shrink(showing{f.Plan, file.Deviations})
	if err != nil {
		return nil, b, err
	}
	b.Steps -= share - max(0, s.left)
	file, _, err = RecordFailure(m, small.plan, explore.Replay(small.deviations), f.Name)
	return file, b, err
}

// shrink returns the smallest world that was found to show the class, with a schedule that does. What is left out is
// left out one thing after the other: a world that still shows the class takes the place of the one before.
func (s *worldShrinker) shrink(at showing) (showing, error) {
	for i := 0; s.left > 0 && !s.rush.over(); {
		smaller := s.from.Reductions(at.plan.Program)
		if i >= len(smaller) {
			break
		}
		next, ok, err := s.find(at, smaller[i])
		if err != nil {
			return at, err
		}
		if ok {
			at = next
			continue // what comes next has taken its place in the list
		}
		i++
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
