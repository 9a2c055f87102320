// Package engine runs campaigns: many trials of one scenario and one variant, folded into one result; the same on
// several sides in turns; and recorded trials again.
package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/result/void"
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
	inControl trial.Control // the run without a signal
	start     *trial.Span   // of an external program that is struck at its start: what of it is worth a strike

	fold    *result.Campaign
	planned int
	quota   *batch.Quota

	// Only what takes trials in the order of the plan writes these.
	kept  map[string]int
	hangs map[string]int
	shown map[string]bool // classes that a trial showed

	mu  sync.Mutex
	err error
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
		kept: map[string]int{}, hangs: map[string]int{}, shown: map[string]bool{},
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
		if p.Plain() {
			fold, err := runPlain(ctx, p, seeds[i], c.Reach)
			if err != nil {
				return all, err
			}
			all = append(all, fold)
			if ctx.Err() != nil || c.FailFast && batch.Finding(c, fold) {
				return all, ctx.Err()
			}
			continue
		}
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
			for k.one(ctx) {
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
	planned := k.planned
	if k.budget.For > 0 && !k.program.Attached() {
		planned = -1
	}
	k.quota = batch.NewQuota(planned, k.budget)
	header := batch.HeaderOf(k.program, k.variant)
	header.Seed, header.Anytime = k.seed.String(), k.budget.For > 0
	header.Shard, header.ShardWidth = k.budget.Shard.String(), k.budget.Shard.Width
	k.fold = result.NewCampaign(header, batch.RulesOf(k.program, k.variant))
	k.fold.Trials.Planned = k.planned
	if k.program.Target.Traits.Idle {
		work := "nothing of its work: a check of your own judges that (--check, external.check), or jobs that are pushed to it (--jobs, client: jobs)"
		if k.program.Target.Traits.Checked {
			work = "its work by the check"
		}
		k.fold.Note("it listens on nothing: its drain, its exit and what it left running were judged, and " + work)
	}
}

// end draws the conclusions from the trials that were run.
func (k *campaign) end(ctx context.Context) error {
	k.fold.EndedEarly = k.quota.Ended()
	if k.budget.For > 0 {
		k.fold.Trials.Planned = k.quota.Settled()
	}
	if note := k.budget.SpentNote(k.fold.Trials.Run, k.planned); k.quota.Ended() == batch.EndedByTimeout && note != "" {
		k.fold.Note(note)
	}
	k.fold.Finish()
	if k.err != nil {
		return k.err
	}
	return ctx.Err()
}

// A judged trial is in its directory until it is taken or dropped.
type judged struct {
	result.Trial
	dir rundir.TrialDir
}

// one runs the next planned trial, and what replaces it while it is void. It is false when none is left.
func (k *campaign) one(ctx context.Context) bool {
	n, to := k.quota.Hand(ctx, 1)
	if n == to {
		return false
	}
	var all []judged
	more := func() bool { return !k.program.Attached() && k.quota.GoesOn(ctx) }
	err := batch.Tries(more, func(replacement int) (result.Trial, error) {
		t, dir, err := k.runOne(ctx, k.budget.Shard.Index(n), replacement)
		if err == nil {
			all = append(all, judged{t, dir})
		}
		return t, err
	})
	if err != nil {
		k.quota.Close(ctx)
		if !errors.Is(err, ctx.Err()) {
			k.fail(err)
		}
	}
	k.quota.Settle(n, batch.Done{To: to, Take: func() string { return k.take(all) }, Drop: func() { k.drop(all) }})
	return true
}

// fail remembers an error of racebench's own.
func (k *campaign) fail(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.err = errors.Join(k.err, err)
}

// failed is the error that ended the campaign, if one did.
func (k *campaign) failed() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.err
}

// take adds a planned trial and its replacements to the result, and says what ends the campaign with them.
func (k *campaign) take(all []judged) (end string) {
	for _, t := range all {
		end = cmp.Or(end, k.note(t.Trial))
		if err := k.keep(&t.Trial, t.dir); err != nil {
			k.fail(err)
			end = cmp.Or(end, batch.EndedByFailure)
		}
		k.fold.Add(t.Trial)
		if k.c.FailFast && k.fold.Condemns(t.Trial) {
			end = cmp.Or(end, batch.EndedByFailFast)
		}
		if k.c.Progress != nil {
			counts := k.fold.Trials
			k.c.Progress(trial.Progress{
				Scenario: k.program.Scenario.Name, Variant: k.variant.Name, Trial: t.Index, Number: t.Number, Verdict: t.Verdict,
				Done: counts.Run, Planned: k.planned, Void: counts.Void, Breached: counts.Run - counts.Passed,
				Elapsed: time.Since(k.quota.Began),
			})
		}
	}
	return end
}

// drop forgets trials that were run after the one that ended the campaign.
func (k *campaign) drop(all []judged) {
	for _, t := range all {
		if err := t.dir.Remove(); err != nil {
			k.fail(err)
		}
	}
}

func (k *campaign) runOne(ctx context.Context, index, replacement int) (result.Trial, rundir.TrialDir, error) {
	plan := trial.NewPlan(k.program, k.variant, k.seed, index, k.c.Build).Within(k.startLeft()).Replacement(replacement)
	dir, err := k.run.NewTrial()
	if err != nil {
		return result.Trial{}, "", err
	}
	plan.ID.Number, plan.ID.ControlRun, plan.ID.ControlAsked = dir.Number(), k.inControl.Samples, k.inControl.Asked
	plan.ID.Endless = k.inControl.Endless
	t, e, err := runAndJudge(ctx, plan, dir, k.c, k.launch)
	if err == nil && e != nil {
		k.narrow(t.VoidCode, e)
		err = k.script(&t, e, dir)
	}
	if err != nil && errors.Is(err, ctx.Err()) {
		// The trial was cut short and has no verdict, so nothing of it is evidence.
		_ = dir.Remove()
	}
	return t, dir, err
}

// startLeft is the part of the program's start that is worth a strike; nil where nobody has looked for it.
func (k *campaign) startLeft() *trial.Span {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.start == nil {
		return nil
	}
	left := *k.start
	return &left
}

// narrow leaves out of later draws what a trial has shown to prove nothing.
func (k *campaign) narrow(code void.Code, e *ledger.Evidence) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.start != nil {
		*k.start = k.start.Narrowed(code, e)
	}
}

// runAndJudge runs a plan in dir and judges it, and returns the evidence.
func runAndJudge(ctx context.Context, plan trial.Plan, dir rundir.TrialDir, c trial.Config, l *trial.Launcher) (result.Trial, *ledger.Evidence, error) {
	if err := plan.Run(ctx, dir, c, l); err != nil {
		return result.Trial{}, nil, err
	}
	return plan.Judge(dir)
}

// note says whether a trial ends the campaign: with FailFast by a breach that nobody expects, or since it hung often
// enough in the same way.
func (k *campaign) note(t result.Trial) (end string) {
	if k.c.FailFast && batch.Unexpected(k.c, t, k.fold.Header, k.fold.Rules) {
		end = batch.EndedByFailFast
	}
	for _, b := range t.Breaches {
		k.shown[b.Class] = true
		if b.Verdict != result.Hung {
			continue
		}
		k.hangs[b.Class]++
		if k.hangs[b.Class] >= result.SameHangs && end == "" {
			end = batch.EndedByHangs
			cost := "a whole drain limit"
			if n := k.program.LimitFactor(); n > 1 {
				cost = fmt.Sprintf("%d drain limits", n)
			}
			k.fold.Note(fmt.Sprintf("stopped after %d hangs of the same class: each costs %s", result.SameHangs, cost))
		}
	}
	return end
}

// keep leaves the trial's directory in place if it is asked for, and removes it otherwise.
func (k *campaign) keep(t *result.Trial, dir rundir.TrialDir) error {
	if k.wanted(*t) {
		return errors.Join(trial.WriteVerdict(dir, *t), k.run.Keep(dir))
	}
	t.Dir, t.Script, t.Scripted = "", "", ""
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
	for _, b := range slices.Concat(t.Breaches, t.Suspects) {
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
