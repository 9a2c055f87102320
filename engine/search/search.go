// Package search runs many schedules of small simulated worlds, and makes what it finds small, keeps it, tells it
// and shows it again.
package search

import (
	"context"
	"errors"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/draw"
	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/result/void"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/internal/corpus"
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
	grounds
	header  result.Header
	rules   result.Rules
	budget  batch.Budget
	planned int
	c       trial.Config
	began   time.Time
	kept    []corpus.Kept // of this variant, by earlier searches

	quota                 *batch.Quota
	valid, void, breached atomic.Int64 // for the progress

	mu sync.Mutex
	// What was found is written in the order of the plan alone.
	fold *result.Campaign
	// first is, by class, the first schedule that showed it.
	first map[string]place
	// shownBy is, by class, the first kept schedule that showed it.
	shownBy map[string]*explore.File
	// told is what the listener to the progress hears of.
	told outcomes
	err  error
}

// A place is where a schedule stands in its plan, and the world that it was played in.
type place struct {
	index, replacement int
	in                 *arena
}

// A Failure is the first schedule that showed a class of breach, or where none did that was drawn, a kept one.
type Failure struct {
	Class string
	Plan  trial.Plan
	Name  string // the strategy's
	hints explore.Hints
	from  *draw.Source  // that drew the world; nil: the scenario has it
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
	var kept []corpus.Kept
	var notes []string
	if b.Shard.First() { // it plays them for all
		var err error
		if kept, notes, err = corpus.ReadKept(c.Corpus); err != nil {
			return nil, nil, err
		}
	}
	var all []*result.Campaign
	var failures [][]Failure
	began := time.Now()
	for i, p := range programs {
		for _, v := range p.Variants {
			s := newSearch(p, v, seeds[i], b.Share(time.Since(began), batch.VariantsOf(programs)-len(all)), c)
			s.kept = corpus.Of(kept, p.Target.Name, v.Name)
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
		program: p, grounds: grounds{variant: v, seed: seed, build: c.Build}, budget: b, c: c, began: time.Now(), told: newOutcomes(),
		first: map[string]place{}, shownBy: map[string]*explore.File{},
	}
	s.fixed.small, s.fixed.bounds = p.Small()
	if p.Scenario.Sim.Vary {
		s.worlds = draw.New(p, seed)
	}
	if b.For == 0 { // else what was run is what was planned
		s.planned = batch.PlannedOf(p, b)
	}
	planned := s.planned
	if b.For > 0 {
		planned = -1
	}
	s.headed()
	s.fold, s.quota = s.empty(), batch.NewQuota(planned, b)
	s.fold.Trials.Planned = s.planned
	return s
}

// headed fills in what the result of every schedule has in common.
func (s *search) headed() {
	h := batch.HeaderOf(s.program, s.variant)
	h.Engine, h.Seed, h.Anytime = string(scenario.Sim), s.seed.String(), s.budget.For > 0
	h.Shard, h.ShardWidth = s.budget.Shard.String(), s.budget.Shard.Width
	h.Knobs = s.fixed.small.Knobs.Values()
	h.Moment = "a signal at every kind of moment that the strategies reach"
	s.rules = batch.RulesOf(s.program, s.variant)
	if s.worlds != nil {
		for _, k := range s.program.Target.Knobs {
			if len(k.Small)+len(k.Faults) > 0 {
				delete(h.Knobs, k.Name) // each world has its own
			}
		}
		s.rules.Thresholds, s.rules.Regression = nil, nil
	}
	s.header = h
}

// empty is the result before the first schedule.
func (s *search) empty() *result.Campaign {
	c := result.NewCampaign(s.header, s.rules)
	if s.worlds != nil {
		c.DrawsWorlds(s.worlds.Parts())
	}
	return c
}

func (s *search) run(ctx context.Context) error {
	if err := s.replayKept(ctx); err != nil {
		return err
	}
	if s.worlds == nil {
		if err := s.learn(); err != nil {
			return err
		}
	} else {
		s.noteUnjudged()
	}
	var workers sync.WaitGroup
	for range max(1, s.c.Parallel) {
		workers.Go(func() {
			if err := s.work(ctx); err != nil {
				s.quota.Close(ctx)
				s.mu.Lock()
				s.err = errors.Join(s.err, err)
				s.mu.Unlock()
			}
		})
	}
	workers.Wait()
	s.fold.EndedEarly = s.quota.Ended()
	if s.budget.For > 0 {
		s.fold.Trials.Planned = s.quota.Settled()
	}
	if note := s.budget.SpentNote(s.fold.Trials.Run, s.planned); note != "" && s.quota.Ended() == batch.EndedByTimeout {
		s.fold.Note(note)
	}
	s.fold.ElapsedNS = time.Since(s.began).Nanoseconds()
	s.fold.Finish()
	if s.err != nil {
		return s.err
	}
	return ctx.Err()
}

// replayKept runs the kept schedules of the search's variant. What they show is a finding and no trial: they were
// not drawn, so they say nothing about rates. One that no longer is what this build runs is told as stale, never
// passed over.
func (s *search) replayKept(ctx context.Context) error {
	if len(s.kept) == 0 {
		return nil
	}
	m, err := trial.NewSimulator()
	if err != nil {
		return err
	}
	defer m.Close()
	for _, k := range s.kept {
		if ctx.Err() != nil {
			return nil // the search is about to end in the same way
		}
		r, err := replay(m, k.File, s.c.Catalog)
		switch {
		case err != nil:
			s.fold.Note(corpus.NoteOf(k.Path, err.Error()))
		case !r.Exact():
			s.fold.Note(corpus.NoteOf(k.Path, r.String()))
		default:
			r.Trial.Dir = k.Path
			s.fold.AddKept(r.Trial, k.Path)
			for _, b := range r.Trial.Breaches {
				if _, ok := s.shownBy[b.Class]; !ok {
					s.shownBy[b.Class] = k.File
				}
			}
			if s.c.FailFast && batch.Unexpected(s.c, r.Trial, s.fold.Header, s.fold.Rules) {
				s.quota.End(batch.EndedByFailFast)
			}
		}
	}
	return nil
}

// work runs schedules until the plan is done, or its budget spent.
func (s *search) work(ctx context.Context) error {
	m, err := trial.NewSimulator()
	if err != nil {
		return err
	}
	defer m.Close()
	at := &s.fixed
	for {
		from, to := s.quota.Hand(ctx, s.atOnce())
		if from == to {
			return nil
		}
		f := finds{fold: s.empty(), first: map[string]place{}, seen: newOutcomes()}
		n := from
		for ; n < to && f.end == ""; n++ {
			index := s.budget.Shard.Index(n)
			if at, err = s.arenaOf(m, at, index); err != nil {
				return err
			}
			if err := s.one(m, at, index, &f); err != nil {
				return err
			}
		}
		s.tell(&f.seen)
		s.quota.Settle(from, batch.Done{To: n, Take: func() string { return s.take(&f) }, Drop: func() {}})
	}
}

// atOnce is how many schedules a worker takes at a time: few where there are few.
func (s *search) atOnce() int {
	switch {
	case s.worlds != nil:
		return draw.Schedules // a world is made ready once
	case s.budget.For > 0:
		return tellEvery
	}
	return min(max(s.planned/(4*max(1, s.c.Parallel)), 1), tellEvery)
}

// finds are what some schedules in a row came to.
type finds struct {
	fold  *result.Campaign
	first map[string]place
	seen  outcomes
	end   string // what ends the search with the last of them
	// in is the world of which it was noted what its schedules reach.
	in *arena
}

// reached notes what a schedule has had. One that is void has had nothing.
func (f *finds) reached(a *arena, t result.Trial) {
	if !a.drawn || t.Verdict == result.Void {
		return
	}
	if f.in != a {
		f.in = a
		for _, part := range a.parts {
			f.fold.Reached(part)
		}
	}
	for _, w := range t.Windows {
		if w.Struck > 0 {
			f.fold.Reached(draw.WindowPart(w.Name))
		}
	}
}

// one runs one planned schedule, and what replaces it while it is void.
func (s *search) one(m *trial.Simulator, at *arena, index int, f *finds) error {
	planned := s.planOf(at, index)
	if at.opens(index) {
		f.fold.AddWorld(at.void)
	}
	return batch.Tries(func() bool { return true }, func(replacement int) (result.Trial, error) {
		plan := planned.Replacement(replacement)
		t, r, err := m.Run(plan, strategyOf(plan, at.hints))
		if err != nil {
			return t, err
		}
		if s.c.Verify {
			if t, err = verify(m, plan, at.hints, t, r); err != nil {
				return t, err
			}
		}
		t.Schedule = &result.Schedule{Hash: r.Hash, Steps: int64(r.Steps)}
		f.fold.Add(t)
		f.reached(at, t)
		s.count(t)
		f.seen.add(t)
		for _, b := range t.Breaches {
			if _, ok := f.first[b.Class]; !ok {
				f.first[b.Class] = place{index, replacement, at}
			}
		}
		if s.c.FailFast && batch.Unexpected(s.c, t, s.fold.Header, s.fold.Rules) {
			f.end = batch.EndedByFailFast
		}
		return t, nil
	})
}

// take adds what some schedules came to: those before them were added.
func (s *search) take(f *finds) (end string) {
	s.fold.Merge(f.fold)
	for class, at := range f.first {
		if _, ok := s.first[class]; !ok {
			s.first[class] = at
		}
	}
	return f.end
}

// count counts for the progress.
func (s *search) count(t result.Trial) {
	if t.Verdict == result.Void {
		s.void.Add(1)
		return
	}
	if len(t.Breaches) > 0 {
		s.breached.Add(1)
	}
	s.valid.Add(1)
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
	return t.AsVoid(void.Nondeterministic.Because(r.Steps, again.Steps)), nil
}

// failures lists the first failure of every class, in the order of the result's breaches.
func (s *search) failures() []Failure {
	var all []Failure
	for _, b := range s.fold.Breaches {
		if at, ok := s.first[b.Class]; ok {
			plan := s.planOf(at.in, at.index).Replacement(at.replacement)
			all = append(all, Failure{Class: b.Class, Name: explore.Portfolio(at.index).Name, hints: at.in.hints, from: s.worlds, Plan: plan})
		} else if file, ok := s.shownBy[b.Class]; ok {
			all = append(all, Failure{Class: b.Class, kept: file})
		}
	}
	return all
}
