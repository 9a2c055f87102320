// Package search runs many schedules of small simulated worlds, and makes what it finds small, keeps it, tells it
// and shows it again.
package search

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets"
)

// tellEvery is how many schedules a searcher runs between two looks at the clock and the context.
const tellEvery = 64

// A search is many schedules of one scenario and one variant, folded into one result. Every worker has a
// world of its own and folds for itself; what they found is put together at the end, and the order in
// which it was found makes no difference.
type search struct {
	program trial.Program
	small   trial.Program // as engine sim runs it
	bounds  trial.SmallWorld
	variant targets.Variant
	seed    scenario.Seed
	budget  batch.Budget
	planned int
	c       trial.Config
	began   time.Time
	hints   explore.Hints
	kept    []keptSchedule // of this variant, by earlier searches

	next     atomic.Int64
	valid    atomic.Int64
	void     atomic.Int64
	breached atomic.Int64
	stopped  atomic.Bool

	mu   sync.Mutex
	fold *result.Campaign
	// first is, by class, the lowest index of a schedule that showed it.
	first map[string]int
	// shownBy is, by class, the first kept schedule that showed it.
	shownBy map[string]*explore.File
	// told is what the listener to the progress hears of.
	told outcomes
	err  error
}

// A Failure is the first schedule that showed a class of breach, or where none did that was drawn, a kept one.
type Failure struct {
	Class string
	Plan  trial.Plan
	Name  string // the strategy's
	hints explore.Hints
	kept  *explore.File // in place of Plan and all that follows
}

// SearchSchedules runs every variant of every program in simulated worlds and returns one folded result
// each, in that order, with the first failure of every class. When ctx ends, what was finished is
// returned with ctx's error. A scenario that is too large for its budget of steps is refused with a *TooLarge
// before anything is searched. Any other error is racebench's own failure.
func SearchSchedules(ctx context.Context, programs []trial.Program, seeds []scenario.Seed, b batch.Budget, c trial.Config) ([]*result.Campaign, [][]Failure, error) {
	// A small world's garbage is some kilobytes and the heap is small: at the usual setting it is collected
	// every hundred schedules, which took a fifth of the time.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	if err := checkSizes(programs, seeds, b, c); err != nil {
		return nil, nil, err
	}
	var kept []keptSchedule
	var notes []string
	if b.Shard.First() { // it plays them for all
		var err error
		if kept, notes, err = readCorpus(c.Corpus); err != nil {
			return nil, nil, err
		}
	}
	var all []*result.Campaign
	var failures [][]Failure
	began := time.Now()
	for i, p := range programs {
		for _, v := range p.Variants {
			s := newSearch(p, v, seeds[i], b.Share(time.Since(began), batch.VariantsOf(programs)-len(all)), c)
			s.kept = ofVariant(kept, p.Target.Name, v.Name)
			for ; len(notes) > 0; notes = notes[1:] {
				s.fold.Note(notes[0])
			}
			err := s.run(ctx)
			all = append(all, s.fold)
			failures = append(failures, s.failures())
			if err != nil && !errors.Is(err, ctx.Err()) {
				return all, failures, err
			}
			if c.FailFast && batch.Finding(c, s.fold) {
				return all, failures, nil
			}
		}
	}
	return all, failures, ctx.Err()
}

func newSearch(p trial.Program, v targets.Variant, seed scenario.Seed, b batch.Budget, c trial.Config) *search {
	s := &search{
		program: p, variant: v, seed: seed, budget: b, c: c, began: time.Now(), told: newOutcomes(),
		first: map[string]int{}, shownBy: map[string]*explore.File{},
	}
	s.small, s.bounds = p.Small()
	if b.For == 0 { // else what was run is what was planned
		s.planned = batch.PlannedOf(p, b)
	}
	s.fold = s.empty()
	s.fold.Trials.Planned = s.planned
	return s
}

// empty is the result before the first schedule.
func (s *search) empty() *result.Campaign {
	h := batch.HeaderOf(s.program, s.variant)
	h.Engine, h.Seed, h.Anytime = string(scenario.Sim), s.seed.String(), s.budget.For > 0
	h.Knobs = s.small.Knobs.Values()
	h.Moment = "a signal at every kind of moment that the strategies reach"
	return result.NewCampaign(h, batch.RulesOf(s.program, s.variant))
}

func (s *search) run(ctx context.Context) error {
	if err := s.replayKept(ctx); err != nil {
		return err
	}
	hints, err := hintsOf(trial.NewSmallPlan(s.small, s.bounds, s.variant, s.seed, 0, s.c.Build))
	if err != nil {
		return err
	}
	s.hints = hints
	var workers sync.WaitGroup
	for range max(1, s.c.Parallel) {
		workers.Go(func() {
			if err := s.work(ctx); err != nil {
				s.stopped.Store(true)
				s.mu.Lock()
				s.err = errors.Join(s.err, err)
				s.mu.Unlock()
			}
		})
	}
	workers.Wait()
	if s.budget.For > 0 {
		s.fold.Trials.Planned = int(s.valid.Load() + s.void.Load())
	}
	if note := s.budget.SpentNote(int(s.valid.Load()), s.planned); note != "" && ctx.Err() == nil && time.Since(s.began) >= s.budget.Within {
		s.fold.Note(note)
	}
	s.fold.ElapsedNS = time.Since(s.began).Nanoseconds()
	s.fold.Finish()
	if s.err != nil {
		return s.err
	}
	return ctx.Err()
}

// work runs schedules until the budget is spent.
func (s *search) work(ctx context.Context) error {
	m, err := trial.NewSimulator()
	if err != nil {
		return err
	}
	defer m.Close()
	own := s.empty()
	first := map[string]int{}
	seen := newOutcomes()
	defer func() {
		s.tell(&seen) // what came after the last look at the clock
		s.merge(own, first)
	}()
	for n := 0; ; n++ {
		if n%tellEvery == 0 {
			s.tell(&seen)
		}
		next, ok := s.claim(ctx, n)
		if !ok {
			return nil
		}
		index := s.budget.Shard.Index(next)
		plan := trial.NewSmallPlan(s.small, s.bounds, s.variant, s.seed, index, s.c.Build)
		t, r, err := m.Run(plan, strategyOf(plan, s.hints))
		if err != nil {
			return err
		}
		if s.c.Verify {
			if t, err = verify(m, plan, s.hints, t, r); err != nil {
				return err
			}
		}
		t.Schedule = &result.Schedule{Hash: r.Hash, Steps: int64(r.Steps)}
		own.Add(t)
		s.count(t)
		seen.add(t)
		for _, b := range t.Breaches {
			if was, ok := first[b.Class]; !ok || index < was {
				first[b.Class] = index
			}
		}
	}
}

// strategyOf is the strategy of a plan's schedule: a function of its index, its seed and the hints.
func strategyOf(plan trial.Plan, h explore.Hints) world.Strategy {
	return explore.Portfolio(plan.ID.Index).New(plan.Seed.Stream("schedule"), h)
}

// verify plays a schedule a second time. Where it comes out otherwise, something in the server or in
// racebench does not depend on the schedule alone, and the trial proves nothing.
func verify(m *trial.Simulator, plan trial.Plan, h explore.Hints, t result.Trial, r world.SimResult) (result.Trial, error) {
	_, again, err := m.Run(plan, strategyOf(plan, h))
	if err != nil || again == r {
		return t, err
	}
	return result.Trial{
		Index: t.Index, Number: t.Number, Seed: t.Seed, Verdict: result.Void,
		Void: fmt.Sprintf("uncontrolled non-determinism: two runs of one schedule had %d and %d steps, and other traces", r.Steps, again.Steps),
	}, nil
}

// walks is how many schedules are spent on hints.
const walks = 8

// hintsOf learns what strategies want to know from walks through the schedules of the campaign's first
// trial: a function of the plan, so that a trial stays one of its index and seed.
func hintsOf(first trial.Plan) (explore.Hints, error) {
	m, err := trial.NewSimulator()
	if err != nil {
		return explore.Hints{}, err
	}
	defer m.Close()
	return explore.Estimate(walks, func(s world.Strategy, onStep func(world.Step)) (int, error) {
		_, r, err := m.Watch(first, s, onStep)
		return r.Steps, err
	})
}

// claim takes the next schedule for a worker that has run n, unless the budget is spent. A look at what is left and
// the taking are one step: otherwise two workers would both take the last one, and a search had one schedule more
// than its parts.
func (s *search) claim(ctx context.Context, n int) (int, bool) {
	for {
		done := s.next.Load()
		if s.stopped.Load() || n%tellEvery == 0 && s.outOfTime(ctx) || s.budget.For == 0 && s.enough(done) {
			return 0, false
		}
		if s.next.CompareAndSwap(done, done+1) {
			return int(done), true
		}
	}
}

// enough says whether so many schedules are what was planned: void ones are replaced, up to as many again.
func (s *search) enough(done int64) bool {
	return done-s.void.Load() >= int64(s.planned) || done >= 2*int64(s.planned)
}

func (s *search) outOfTime(ctx context.Context) bool {
	took := time.Since(s.began)
	return ctx.Err() != nil || s.budget.For > 0 && took >= s.budget.For || s.budget.Within > 0 && took >= s.budget.Within
}

func (s *search) count(t result.Trial) {
	switch {
	case t.Verdict == result.Void:
		s.void.Add(1)
		return
	case len(t.Breaches) > 0:
		s.breached.Add(1)
		if s.c.FailFast && batch.Unexpected(s.c, t, s.fold.Header, s.fold.Rules) {
			s.stopped.Store(true)
		}
	}
	s.valid.Add(1)
}

func (s *search) merge(own *result.Campaign, first map[string]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fold.Merge(own)
	for class, index := range first {
		if was, ok := s.first[class]; !ok || index < was {
			s.first[class] = index
		}
	}
}

// failures lists the first failure of every class, in the order of the result's breaches.
func (s *search) failures() []Failure {
	var all []Failure
	for _, b := range s.fold.Breaches {
		if index, ok := s.first[b.Class]; ok {
			all = append(all, Failure{
				Class: b.Class, Name: explore.Portfolio(index).Name, hints: s.hints,
				Plan: trial.NewSmallPlan(s.small, s.bounds, s.variant, s.seed, index, s.c.Build),
			})
		} else if file, ok := s.shownBy[b.Class]; ok {
			all = append(all, Failure{Class: b.Class, kept: file})
		}
	}
	return all
}
