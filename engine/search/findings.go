package search

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets"
)

const (
	// toldPerVariant is how many classes of one variant are shrunk, told and kept.
	toldPerVariant = 6
	// shrunkSteps is how many steps all shrinking of a variant may take for each second that was asked for:
	// about a fifth of what a second searches.
	shrunkSteps = 100_000
	// hurriedSteps is what all shrinking of a run may take once it was asked to stop: a second or less.
	hurriedSteps = 300_000
)

// shrinkingOf is the budget of each of so many classes. A search for a time bounds it by the time that was asked
// for, in steps, so that no clock decides what comes out; one for a number of schedules shrinks as far as it goes.
func shrinkingOf(b batch.Budget, classes int) explore.ShrinkBudget {
	if b.For == 0 {
		return explore.ShrinkBudget{}
	}
	each := b.For.Seconds() * shrunkSteps / float64(max(1, classes))
	return explore.ShrinkBudget{Steps: int(min(explore.MaxShrinkSteps, max(leastShrunkSteps, each)))}
}

// RunSearches is SearchSchedules for a run that is stored, unless Config.Keep is KeepNone: the first failure of each
// class is made small, told in the result's breaches, and kept in a trial directory of run with a replay file that
// shows it exactly. Config.Corpus gets the replay files too, to be run first the next time. When ctx ends, what was
// found by then is kept all the same, and made small as far as little time allows; ctx's error comes with it.
func RunSearches(ctx context.Context, programs []trial.Program, seeds []scenario.Seed, b batch.Budget, c trial.Config, run *rundir.Run) ([]*result.Campaign, error) {
	folds, failures, err := SearchSchedules(ctx, programs, seeds, b, c)
	if err != nil && !errors.Is(err, ctx.Err()) || c.Keep == trial.KeepNone {
		return folds, err
	}
	m, err := trial.NewSimulator()
	if err != nil {
		return folds, err
	}
	defer m.Close()
	k := &keeper{m: m, budget: b, c: c, run: run, hurry: &hurry{ctx: ctx, left: hurriedSteps}}
	for i, fold := range folds {
		if err := k.keepAll(&fold.Row, failures[i]); err != nil {
			return folds, err
		}
	}
	return folds, ctx.Err()
}

// A keeper makes what the searches of one run found small, tells it and keeps it.
type keeper struct {
	m      *trial.Simulator
	budget batch.Budget // of each search
	c      trial.Config
	run    *rundir.Run
	hurry  *hurry
}

// keepAll keeps what one search found.
func (k *keeper) keepAll(fold *result.Row, failures []Failure) error {
	failures = failures[:min(toldPerVariant, len(failures))]
	shrinking := shrinkingOf(k.budget, len(failures))
	for i, f := range failures {
		if k.c.Progress != nil {
			k.c.Progress(trial.Progress{
				Scenario: fold.Scenario, Variant: fold.Variant, Shrinking: f.Class, Done: i, Planned: len(failures),
			})
		}
		at := slices.IndexFunc(fold.Breaches, func(b result.RowBreach) bool { return b.Class == f.Class })
		if err := k.keep(&fold.Breaches[at], f, shrinking); err != nil {
			return err
		}
	}
	return nil
}

// keep makes a failure small, tells its story in the breach and fills a trial directory.
func (k *keeper) keep(b *result.RowBreach, f Failure, budget explore.ShrinkBudget) error {
	dir, err := k.run.NewTrial()
	if err != nil {
		return err
	}
	small, proof, err := k.small(f, budget)
	if err != nil {
		return err
	}
	story, err := Tell(k.m, small, f.Class, proof, string(dir), k.c.Catalog)
	if err != nil {
		return err
	}
	small.Comments = strings.Split(strings.TrimSpace(story.Text()), "\n")
	again, err := replay(k.m, small, k.c.Catalog)
	if err != nil {
		return err
	}
	if !again.Exact() {
		return fmt.Errorf("a shrunk schedule does not replay: %s", again)
	}
	if err := fill(k.m, dir, again, small); err != nil {
		return err
	}
	story.Title, story.Again = "", "" // every report says both itself
	b.First.Evidence = strings.Split(strings.TrimSpace(story.Text()), "\n")
	if f.kept == nil && again.Trial.Index != f.Plan.ID.Index {
		b.First.Found = &f.Plan.ID.Index
	}
	// Shrinking may have gone on to the draws of another trial: what the directory holds is the first now.
	b.First.Trial, b.First.Replacement, b.First.Seed, b.First.Dir = again.Trial.Index, again.Trial.Replacement, again.Trial.Seed, string(dir)
	if f.kept != nil || k.c.Corpus == "" || b.Known != "" {
		return nil
	}
	return addToCorpus(k.m, k.c.Corpus, f.Class, small, k.c.Catalog)
}

// small is the replay file of a failure that was made small, and what was proven of it. A kept schedule is small.
func (k *keeper) small(f Failure, budget explore.ShrinkBudget) (file *explore.File, proof string, err error) {
	if f.kept != nil {
		small := *f.kept
		return &small, "", nil
	}
	file, _, err = RecordFailure(k.m, f.Plan, strategyOf(f.Plan, f.hints), f.Name)
	if err != nil {
		return nil, "", err
	}
	rush := k.hurry.next()
	if f.from != nil {
		if file, budget, err = shrinkWorld(k.m, f, file, budget, rush); err != nil {
			return nil, "", err
		}
	}
	file, shrunk, err := shrinkFile(k.m, file, f.Class, budget, k.c.Catalog, rush)
	return file, shrunk.Proof(), err
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

// fill writes what a kept schedule's directory holds.
func fill(m *trial.Simulator, dir rundir.TrialDir, r Replayed, file *explore.File) error {
	r.Plan.ID.Number, r.Trial.Number = dir.Number(), dir.Number()
	if err := r.Plan.Write(dir); err != nil {
		return err
	}
	if err := rundir.WriteFile(dir.Ledger(), m.Ledger()); err != nil {
		return err
	}
	if err := rundir.WriteFile(dir.Schedule(), file.Marshal()); err != nil {
		return err
	}
	return trial.WriteVerdict(dir, r.Trial)
}

// A Merged is a search whose parts were played elsewhere.
type Merged struct {
	Program trial.Program
	Variant targets.Variant
	Seed    scenario.Seed
	Row     *result.Row // the sum of its parts
	Kept    []Failure   // of its first part, which has played the kept schedules
}

// Untested is the result of a search of which no schedule was played.
func Untested(p trial.Program, v targets.Variant, seed scenario.Seed, b batch.Budget, c trial.Config) *result.Campaign {
	s := newSearch(p, v, seed, b, c)
	s.fold.Finish()
	return s.fold
}

// KeepMerged does with merged results what RunSearches does with its own: what they found is played again here, made small,
// told, and kept in run and in Config.Corpus.
func KeepMerged(ctx context.Context, all []Merged, b batch.Budget, c trial.Config, run *rundir.Run) error {
	if c.Keep == trial.KeepNone {
		return nil
	}
	m, err := trial.NewSimulator()
	if err != nil {
		return err
	}
	defer m.Close()
	k := &keeper{m: m, budget: b, c: c, run: run, hurry: &hurry{ctx: ctx, left: hurriedSteps}}
	for _, one := range all {
		failures, err := one.failures(m, b, c)
		if err != nil {
			return err
		}
		if err := k.keepAll(one.Row, failures); err != nil {
			return err
		}
	}
	return nil
}

// failures lists the first failure of every class, in the order of the result's breaches.
func (one Merged) failures(m *trial.Simulator, b batch.Budget, c trial.Config) ([]Failure, error) {
	g := newSearch(one.Program, one.Variant, one.Seed, b, c)
	at := &g.fixed
	learned := false
	var all []Failure
	for _, b := range one.Row.Breaches {
		if b.Trials == 0 { // a kept schedule alone has shown it
			if i := slices.IndexFunc(one.Kept, func(f Failure) bool { return f.kept != nil && f.Class == b.Class }); i >= 0 {
				all = append(all, one.Kept[i])
			}
			continue
		}
		var err error
		if g.worlds == nil && !learned {
			learned = true
			err = g.learn()
		}
		if err == nil {
			at, err = g.arenaOf(m, at, b.First.Trial)
		}
		if err != nil {
			return nil, err
		}
		plan := g.planOf(at, b.First.Trial).Replacement(b.First.Replacement)
		all = append(all, Failure{Class: b.Class, Name: explore.Portfolio(b.First.Trial).Name, hints: at.hints, from: g.worlds, Plan: plan})
		if len(all) == toldPerVariant {
			break
		}
	}
	return all, nil
}
