package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/racebench/racebench/engine/invariant"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets"
)

// keptPerClass is how many trials of one breach class are kept on disk.
const keptPerClass = 3

// A Budget bounds a campaign.
type Budget struct {
	Trials int           // a variant; 0 leaves it to the scenario
	For    time.Duration // instead of a count, a variant; 0 is no such bound
	Within time.Duration // no trial of a variant begins later than this; 0 is no such bound
	Whole  time.Duration // the same for all variants together; 0 is no such bound
	Shard  Shard
}

// share is b for the next of so many variants whose turns have not come, when so much time was spent: what is
// left of Whole is divided evenly among them, so that one that was quick leaves more to the others.
func (b Budget) share(spent time.Duration, left int) Budget {
	if b.Whole > 0 {
		b.Within = max((b.Whole-spent)/time.Duration(left), 1)
	}
	return b
}

// spentNote says that a variant had not the time for all its trials, or is empty.
func (b Budget) spentNote(ran, planned int) string {
	if b.Whole == 0 || ran >= planned {
		return ""
	}
	return fmt.Sprintf("%d of %d trials had time: the budget of %s is for all scenarios together", ran, planned, b.Whole)
}

// variantsOf counts what is run one after the other.
func variantsOf(programs []Program) int {
	n := 0
	for _, p := range programs {
		n += len(p.Variants)
	}
	return n
}

// A campaign is many trials of one scenario and one variant, folded into one result.
type campaign struct {
	program Program
	variant targets.Variant
	seed    scenario.Seed
	budget  Budget
	c       Config
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
	launch *launcher
}

// newCampaign is the campaign of a program's variant whose turn has come.
func newCampaign(p Program, v targets.Variant, seed scenario.Seed, b Budget, c Config, in shared) *campaign {
	return &campaign{
		program: p, variant: v, seed: seed, budget: b, c: c, shared: in,
		kept: map[string]int{}, hangs: map[string]int{}, shown: map[string]bool{}, began: time.Now(),
	}
}

// RunCampaigns runs every variant of every program and returns one folded result each, in that order.
// When ctx ends, what was finished is returned with ctx's error; variants whose turn never came are
// untested. Any other error is racebench's own failure.
func RunCampaigns(ctx context.Context, programs []Program, seeds []scenario.Seed, b Budget, c Config, run *rundir.Run) ([]*result.Campaign, error) {
	l := newLauncher()
	defer l.close()
	var all []*result.Campaign
	in := shared{run: run, launch: l}
	began := time.Now()
	for i, p := range programs {
		for _, v := range p.Variants {
			k := newCampaign(p, v, seeds[i], b.share(time.Since(began), variantsOf(programs)-len(all)), c, in)
			err := k.runAll(ctx)
			all = append(all, k.fold)
			if err != nil && !errors.Is(err, ctx.Err()) {
				return all, err
			}
			if c.FailFast && c.finding(k.fold) {
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
		k.planned = plannedOf(k.program, k.budget)
		if k.program.attached() {
			k.planned = 1
		}
	}
	header := headerOf(k.program, k.variant)
	header.Seed, header.Anytime = k.seed.String(), k.budget.For > 0
	k.fold = result.NewCampaign(header, rulesOf(k.program, k.variant))
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
	if note := k.budget.spentNote(k.valid, k.planned); k.late && note != "" {
		k.fold.Note(note)
	}
	k.fold.Finish()
	if k.err != nil {
		return k.err
	}
	return ctx.Err()
}

// headerOf says what the trials of a program's variant have in common.
func headerOf(p Program, v targets.Variant) result.Header {
	s := p.Scenario
	var moments []string
	startup := p.Target.Traits.Idle
	for _, d := range p.Directives {
		moments = append(moments, d.Summary())
		startup = startup || d.AtStartup()
	}
	file, line := placeOf(p, v.Name)
	return result.Header{
		File: file, Line: line, Scenario: s.Name, ScenarioHash: p.Scenario.Hash(p.Vocabulary), Owner: s.Owner, Target: p.Target.Name, Variant: v.Name,
		Reference: v.Name == p.Target.Reference, Engine: string(scenario.Real), Knobs: p.Knobs.Values(),
		DrainLimit: s.DrainLimit, Invariants: p.Expect, AtStartup: startup, Moment: strings.Join(moments, ", then "),
	}
}

// claim gives out the next trial's index, until enough valid ones have been run, twice as many were
// started as planned, or something stopped the campaign.
func (k *campaign) claim(ctx context.Context) (int, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.stopped || k.err != nil || ctx.Err() != nil || k.started > 0 && k.program.attached() {
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
	return k.budget.Shard.index(k.started - 1), true
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
		k.c.Progress(Progress{
			Scenario: k.program.Scenario.Name, Variant: k.variant.Name, Trial: t.Index, Number: t.Number, Verdict: t.Verdict,
			Done: k.valid, Planned: k.planned, Void: k.void, Breached: k.breached,
			Elapsed: time.Since(k.began),
		})
	}
}

func (k *campaign) runOne(ctx context.Context, index int) (result.Trial, rundir.TrialDir, error) {
	plan := NewPlan(k.program, k.variant, k.seed, index, k.c.Build)
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
func runAndJudge(ctx context.Context, plan Plan, dir rundir.TrialDir, c Config, l *launcher) (result.Trial, error) {
	if err := runTrial(ctx, plan, dir, c, l); err != nil {
		return result.Trial{}, err
	}
	return judge(dir, plan)
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
		k.stopped = k.stopped || k.c.FailFast && k.c.unexpected(t, k.fold.Header, k.fold.Rules)
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

// unexpected says whether a trial shows a breach that nobody expects.
func (c Config) unexpected(t result.Trial, h result.Header, rules result.Rules) bool {
	return slices.ContainsFunc(t.Breaches, func(b result.Breach) bool { return !rules.Tolerates(b.Class) && !c.onBase(h, b.Class) })
}

func (c Config) onBase(h result.Header, class string) bool {
	return c.OnBase != nil && c.OnBase(h, class)
}

// finding says whether a finished result shows what FailFast stops at.
func (c Config) finding(of *result.Campaign) bool {
	return of.Verdict == result.Missed || slices.ContainsFunc(of.Breaches, func(b result.RowBreach) bool {
		return b.Known == "" && !c.onBase(of.Header, b.Class)
	})
}

// keep leaves the trial's directory in place if it is asked for, and removes it otherwise.
func (k *campaign) keep(t *result.Trial, dir rundir.TrialDir) error {
	if k.wanted(*t) {
		if err := k.script(t, dir); err != nil {
			return err
		}
		return errors.Join(writeVerdict(dir, *t), k.run.Keep(dir))
	}
	t.Dir = ""
	return dir.Remove()
}

func (k *campaign) wanted(t result.Trial) bool {
	switch k.c.Keep {
	case KeepAll:
		return true
	case KeepNone:
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
