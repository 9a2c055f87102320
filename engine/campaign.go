// Package engine runs campaigns: many trials of one scenario and one variant, folded into one result; the same on
// several sides in turns; and recorded trials again.
package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/invariant"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets"
)

// keptPerClass is how many trials of one breach class are kept on disk.
const keptPerClass = 3

// A campaign is many trials of one scenario and one variant, folded into one result.
type campaign struct {
	program trial.Program
	variant targets.Variant
	seed    scenario.Seed
	budget  batch.Budget
	c       trial.Config
	shared
	samples []invariant.Sample // of the run without a signal

	mu       sync.Mutex
	fold     *result.Campaign
	planned  int
	started  int // trials begun, void ones included
	valid    int
	void     int
	breached int
	kept     map[string]int
	hangs    map[string]int
	shown    map[string]bool // classes that a trial showed
	stopped  bool
	late     bool // the budget's time was over before its trials were
	began    time.Time
	err      error
}

// shared is what all campaigns of a run have together.
type shared struct {
	run    *rundir.Run
	launch *trial.Launcher
}

// newCampaign is the campaign of a program's variant whose turn has come.
func newCampaign(p trial.Program, v targets.Variant, seed scenario.Seed, b batch.Budget, c trial.Config, in shared) *campaign {
	return &campaign{
		program: p, variant: v, seed: seed, budget: b, c: c, shared: in,
		kept: map[string]int{}, hangs: map[string]int{}, shown: map[string]bool{}, began: time.Now(),
	}
}

// RunCampaigns runs every variant of every program and returns one folded result each, in that order.
// When ctx ends, what was finished is returned with ctx's error; variants whose turn never came are
// untested. Any other error is racebench's own failure.
func RunCampaigns(ctx context.Context, programs []trial.Program, seeds []scenario.Seed, b batch.Budget, c trial.Config, run *rundir.Run) ([]*result.Campaign, error) {
	l := trial.NewLauncher()
	defer l.Close()
	var all []*result.Campaign
	in := shared{run: run, launch: l}
	began := time.Now()
	for i, p := range programs {
		for _, v := range p.Variants {
			k := newCampaign(p, v, seeds[i], b.Share(time.Since(began), batch.VariantsOf(programs)-len(all)), c, in)
			err := k.runAll(ctx)
			all = append(all, k.fold)
			if err != nil && !errors.Is(err, ctx.Err()) {
				return all, err
			}
			if c.FailFast && batch.Finding(c, k.fold) {
				return all, nil
			}
		}
	}
	return all, ctx.Err()
}

func (k *campaign) runAll(ctx context.Context) error {
	k.begin()
	k.control(ctx)
	var workers sync.WaitGroup
	for range max(1, k.c.Parallel) {
		workers.Go(func() {
			for index, ok := k.claim(ctx); ok; index, ok = k.claim(ctx) {
				k.trial(ctx, index)
			}
		})
	}
	workers.Wait()
	return k.end(ctx)
}

// begin settles how many trials are planned and makes the empty fold.
func (k *campaign) begin() {
	if k.budget.For == 0 { // else what was run is what was planned
		k.planned = batch.PlannedOf(k.program, k.budget)
		if k.program.Attached() {
			k.planned = 1
		}
	}
	header := batch.HeaderOf(k.program, k.variant)
	header.Seed, header.Anytime = k.seed.String(), k.budget.For > 0
	k.fold = result.NewCampaign(header, batch.RulesOf(k.program, k.variant))
	k.fold.Trials.Planned = k.planned
	if k.program.Target.Traits.Idle {
		k.fold.Note("it listens on nothing: its drain, its exit and what it left running were judged, and nothing of its work")
	}
}

// end draws the conclusions from the trials that were run.
func (k *campaign) end(ctx context.Context) error {
	if k.budget.For > 0 {
		k.fold.Trials.Planned = k.started
	}
	if note := k.budget.SpentNote(k.valid, k.planned); k.late && note != "" {
		k.fold.Note(note)
	}
	k.fold.Finish()
	if k.err != nil {
		return k.err
	}
	return ctx.Err()
}

// claim gives out the next trial's index, until enough valid ones have been run, twice as many were
// started as planned, or something stopped the campaign.
func (k *campaign) claim(ctx context.Context) (int, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.stopped || k.err != nil || ctx.Err() != nil || k.started > 0 && k.program.Attached() {
		return 0, false
	}
	if k.budget.Within > 0 && time.Since(k.began) >= k.budget.Within {
		k.late = true
		return 0, false
	}
	if k.budget.For > 0 {
		if k.started > 0 && time.Since(k.began) >= k.budget.For {
			return 0, false
		}
	} else if k.started-k.void >= k.planned || k.started >= 2*k.planned {
		return 0, false
	}
	k.started++
	return k.budget.Shard.Index(k.started - 1), true
}

func (k *campaign) trial(ctx context.Context, index int) {
	t, dir, err := k.runOne(ctx, index)
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		if k.err == nil && !errors.Is(err, ctx.Err()) {
			k.err = err
		}
		return
	}
	k.note(t)
	if err := k.keep(&t, dir); err != nil && k.err == nil {
		k.err = err
	}
	k.fold.Add(t)
	if k.c.Progress != nil {
		k.c.Progress(trial.Progress{
			Scenario: k.program.Scenario.Name, Variant: k.variant.Name, Trial: t.Index, Number: t.Number, Verdict: t.Verdict,
			Done: k.valid, Planned: k.planned, Void: k.void, Breached: k.breached,
			Elapsed: time.Since(k.began),
		})
	}
}

func (k *campaign) runOne(ctx context.Context, index int) (result.Trial, rundir.TrialDir, error) {
	plan := trial.NewPlan(k.program, k.variant, k.seed, index, k.c.Build)
	dir, err := k.run.NewTrial()
	if err != nil {
		return result.Trial{}, "", err
	}
	plan.ID.Number, plan.ID.ControlRun = dir.Number(), k.samples
	t, err := runAndJudge(ctx, plan, dir, k.c, k.launch)
	if err != nil && errors.Is(err, ctx.Err()) {
		// The trial was cut short and has no verdict, so nothing of it is evidence.
		_ = dir.Remove()
	}
	return t, dir, err
}

// runAndJudge runs a plan in dir and judges it.
func runAndJudge(ctx context.Context, plan trial.Plan, dir rundir.TrialDir, c trial.Config, l *trial.Launcher) (result.Trial, error) {
	if err := plan.Run(ctx, dir, c, l); err != nil {
		return result.Trial{}, err
	}
	return plan.Judge(dir)
}

// note counts the trial and ends the campaign when it has hung often enough in the same way.
func (k *campaign) note(t result.Trial) {
	switch t.Verdict {
	case result.Void:
		k.void++
		return
	case result.Passed:
	default:
		k.breached++
		k.stopped = k.stopped || k.c.FailFast && batch.Unexpected(k.c, t, k.fold.Header, k.fold.Rules)
	}
	k.valid++
	for _, b := range t.Breaches {
		k.shown[b.Class] = true
		if b.Verdict != result.Hung {
			continue
		}
		k.hangs[b.Class]++
		if k.hangs[b.Class] >= result.SameHangs && !k.stopped {
			k.stopped = true
			cost := "five drain limits"
			if k.program.Outside() {
				cost = "a whole drain limit"
			}
			k.fold.Note(fmt.Sprintf("stopped after %d hangs of the same class: each costs %s", result.SameHangs, cost))
		}
	}
}

// keep leaves the trial's directory in place if it is asked for, and removes it otherwise.
func (k *campaign) keep(t *result.Trial, dir rundir.TrialDir) error {
	if k.wanted(*t) {
		if err := k.script(t, dir); err != nil {
			return err
		}
		return errors.Join(trial.WriteVerdict(dir, *t), k.run.Keep(dir))
	}
	t.Dir = ""
	return dir.Remove()
}

func (k *campaign) wanted(t result.Trial) bool {
	switch k.c.Keep {
	case trial.KeepAll:
		return true
	case trial.KeepNone:
		return false
	}
	var classes []string
	for _, b := range t.Breaches {
		if !slices.Contains(classes, b.Class) {
			classes = append(classes, b.Class)
		}
	}
	wanted := false
	for _, class := range classes {
		wanted = wanted || k.kept[class] < keptPerClass
	}
	if wanted {
		for _, class := range classes {
			k.kept[class]++
		}
	}
	return wanted
}
