package trial

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/invariant"
	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/invariant/external"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/measure"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/result/void"
	"github.com/racebench/racebench/engine/signals"
	"github.com/racebench/racebench/internal/input"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets"
	"github.com/racebench/racebench/targets/promise"
)

// starved is how late, at the least, a signal must leave for the generator to count as starved: less is
// what a busy machine does to any thread.
const starved = 50 * time.Millisecond

// Judge reads a trial's evidence and says what it shows. It runs nothing and changes nothing but the
// verdict's own file; judging twice gives the same answer.
func Judge(dir rundir.TrialDir, c Config) (result.Trial, error) {
	plan, err := ReadPlan(dir, c.Catalog)
	if err != nil {
		return result.Trial{}, err
	}
	t, _, err := plan.Judge(dir)
	return t, err
}

// Judge says what the evidence of a plan's trial shows, and returns the evidence; nil where there is none.
func (p Plan) Judge(dir rundir.TrialDir) (result.Trial, *ledger.Evidence, error) {
	t := p.unjudged(dir)
	e, err := ledger.Read(dir.Ledger())
	if errors.Is(err, fs.ErrNotExist) && dir.Trimmed() {
		t, err := storedVerdict(dir)
		return t, nil, err
	}
	if errors.Is(err, fs.ErrNotExist) {
		t.SetVoid(failureOf(dir).Why)
		return t, nil, nil
	}
	if err != nil {
		return t, nil, fmt.Errorf("judge trial %s: %w", dir, err)
	}
	judgeEvidence(&t, &p, e)
	return t, e, nil
}

// unjudged says which trial a plan's is.
func (p Plan) unjudged(dir rundir.TrialDir) result.Trial {
	return result.Trial{Index: p.ID.Index, Replacement: p.ID.Replacement, Number: p.ID.Number, Seed: p.ID.Seed, Dir: string(dir)}
}

// JudgeEvidence says what evidence would show that stands in place of the trial's ledger.
func (p Plan) JudgeEvidence(dir rundir.TrialDir, e *ledger.Evidence) result.Trial {
	t := p.unjudged(dir)
	judgeEvidence(&t, &p, e)
	return t
}

// storedVerdict is what the run said of a trial whose ledger it had no room for.
func storedVerdict(dir rundir.TrialDir) (result.Trial, error) {
	var t result.Trial
	raw, err := input.Found(dir.Verdict(), input.Record)
	if err == nil {
		err = json.Unmarshal(raw, &t)
	}
	if err != nil {
		return t, fmt.Errorf("judge trial %s: %w", dir, err)
	}
	t.RenameClasses()
	t.Dir = string(dir)
	t.Notes = append(t.Notes, "its ledger was left out for want of room: the verdict is the stored one")
	return t, nil
}

// judgeEvidence fills in a trial from what it left behind.
func judgeEvidence(t *result.Trial, plan *Plan, e *ledger.Evidence) {
	if plan.ID.Control {
		judgeUnasked(t, plan, e)
		return
	}
	terms := termsOf(plan, e)
	x := invariant.NewIndex(e)
	early := struckEarly(e)
	for _, name := range plan.Program.Expect {
		if early && !slices.Contains(ofStart, name) {
			continue
		}
		if check, ok := invariant.Find(name); ok {
			t.Breaches = append(t.Breaches, check.Check(x, terms)...)
		}
	}
	for _, name := range plan.Program.Manners {
		if early && !slices.Contains(ofStart, name) {
			continue
		}
		if check, ok := invariant.Find(name); ok {
			t.Warnings = append(t.Warnings, check.Check(x, terms)...)
		}
	}
	if slices.Contains(plan.Program.Expect, promise.JobsDoneOrQueued) {
		t.Warnings = append(t.Warnings, external.JobsDoneTwice(e, terms)...)
	}
	t.Asked, t.Suspects = external.Asked(e, terms), external.Suspects(e, terms)
	t.Breaches = setAside(t, t.Breaches, false)
	t.Warnings = setAside(t, t.Warnings, true)
	t.Crossed = external.Crossed(e)
	tellStop(t, e, terms.ServesFor)
	if !early { // else clients may well find nobody
		t.Notes = append(t.Notes, unconnected(e)...)
	}
	widened := wasWidened(e) || plan.ID.Freeze
	for i := range t.Breaches {
		t.Breaches[i].Widened = widened
	}
	t.AtRisk = invariant.AtRisk(x, terms)
	strike, hasStruck := e.Strike()
	struck := strike.At
	t.Struck, t.HasStruck = struck, hasStruck
	if e.Drain != nil && e.Drain.Ended > 0 && hasStruck {
		t.Drain, t.DrainEnded = e.Drain.Ended-struck, true
		if plan.Program.Target.Binder == nil {
			t.DrainHow = e.Drain.How.String()
		}
	}
	if plan.Small == nil {
		t.Latency, t.Throughput = measure.Measure(e, struck, hasStruck)
		t.Answers, t.Failures = measure.Answers(e, struck, hasStruck)
		t.Bounded = bounded(e)
		if hasStruck {
			t.TickWidth = measure.TimelineWidth(plan.Program.Scenario.Duration)
			t.Timeline = measure.Timeline(e, struck, t.TickWidth)
			t.FirstLoss = firstLoss(t.Breaches, e, struck)
			t.Stop = external.Moments(e)
		}
	}
	t.Late = lateStrike(e)
	t.Memory, t.Threads, t.Descriptors = largest(e, ledger.MemoryGauge), largest(e, ledger.ThreadsGauge), largest(e, ledger.DescriptorsGauge)
	t.Returned, t.Policy = int64(len(e.Returned)), policyLosses(e)
	t.Windows = windowsOf(e)
	setVerdict(t, voidReason(plan, e, rundir.TrialDir(t.Dir)))
}

// setVerdict gives a judged trial its verdict.
func setVerdict(t *result.Trial, why void.Reason) {
	switch why.Code {
	case void.BeforeHandler, void.AfterStart, void.Deserted, void.Unprepared:
		t.Breaches, t.Warnings, t.Suspects = nil, nil, nil // nobody asked what comes of the program then
	}
	t.Void, t.VoidCode = why.Text, why.Code
	t.Verdict = result.VerdictOf(t.Breaches, t.Void)
}

// asking says what the load groups ask an external program for.
func (p *Program) asking() []breach.Asking {
	var all []breach.Asking
	for _, g := range p.Groups {
		a := breach.Asking{Group: g.As}
		asker, ok := g.Client.(targets.Asker)
		if ok && asker.Asks() != "" {
			a.Kind, a.Lists, a.Ends, a.Hurries = g.Op.Name+" "+asker.Asks(), asker.Lists(), asker.Ends(), asker.Hurries()
		}
		if ok {
			a.Manners = asker.Manners()
		}
		all = append(all, a)
	}
	return all
}

// judgeUnasked judges what a program did in the run without a signal: nothing but a crash is its breach.
func judgeUnasked(t *result.Trial, plan *Plan, e *ledger.Evidence) {
	// A program that never started left no record of a process: nothing of its own is judged.
	if p := external.Of(e); p != nil && slices.Contains(plan.Program.Expect, promise.ProcessSurvives) {
		r := breach.NewReport(e, termsOf(plan, e))
		external.ProcessSurvives(p, r)
		t.Breaches = r.Breaches()
	}
	setVerdict(t, voidReason(plan, e, rundir.TrialDir(t.Dir)))
}

// firstLoss is when what a trial lost was first accepted, or cut off; nil where nothing was.
func firstLoss(breaches []result.Breach, e *ledger.Evidence, struck time.Duration) *time.Duration {
	first := measure.FirstLoss(e)
	if slices.ContainsFunc(breaches, func(b result.Breach) bool { return b.Invariant == "every-request-answered" }) {
		first = measure.FirstCut(e)
	} else if !slices.ContainsFunc(breaches, func(b result.Breach) bool { return b.Invariant == "no-lost-message" }) {
		return nil
	}
	if first < 0 {
		return nil
	}
	first -= struck
	return &first
}

// termsOf says under what terms the evidence is judged: what was asked for, and what was really done.
func termsOf(plan *Plan, e *ledger.Evidence) breach.Terms {
	terms := breach.Terms{
		DrainLimit: plan.Program.Scenario.DrainLimit,
		Duration:   plan.Program.Scenario.Duration,
		Widened:    wasWidened(e),
		Virtual:    plan.Small != nil,
		Control:    plan.ID.ControlRun,
		Asking:     plan.Program.asking(),
		Named:      slices.ContainsFunc(plan.Program.Scenario.Expect, func(v spec.Value) bool { return v.Text == "every-request-answered" }),

		IdleDeadline:        plan.idleDeadline(),
		GivesBackAtDeadline: plan.Program.Target.Returns.AtDeadline,
		GivesBackEarly:      plan.Program.Target.Returns.Early,
		InDoubt:             plan.Program.Target.Returns.InDoubt,
	}
	for _, op := range plan.Program.Target.Ops {
		if op.Done {
			terms.Done = append(terms.Done, op.Name)
		}
	}
	terms.ServesFor = plan.Program.Target.Traits.ServesFor
	terms.AtStartup = plan.Program.AtStartup()
	for _, s := range e.Signals {
		if s.Taken {
			continue
		}
		terms.Signals = append(terms.Signals, s.Number)
		terms.Killed = terms.Killed || signals.Name(s.Number) == "SIGKILL"
	}
	return terms
}

// voidReason says why a trial proves nothing, or is zero. A breach found in it still counts.
func voidReason(plan *Plan, e *ledger.Evidence, dir rundir.TrialDir) void.Reason {
	strike, hasStruck := e.Strike()
	struck := strike.At
	switch {
	case e.Full:
		return void.LedgerFull.Because()
	case e.Cut != "":
		return void.Torn.Because(e.Cut)
	case !slices.ContainsFunc(e.Phases, func(p ledger.Phase) bool { return p.Ended }):
		// The parent writes the end down last, so a record without it is that of a run that was killed.
		return void.Interrupted.Because()
	case endedAs(e, phaseNotServed):
		return failureOf(dir).Why
	case external.Deserted(e) != "":
		return void.Deserted.Because(external.Deserted(e))
	case killedByOther(e):
		return void.Killed.Because()
	case external.Unprepared(e) != "":
		return void.Unprepared.Because(external.Unprepared(e))
	case !hasStruck && !slices.ContainsFunc(e.Phases, func(p ledger.Phase) bool { return p.Ready }):
		return void.EndedEarly.Because()
	case !hasStruck:
		return void.NeverStruck.Because()
	case outOfTime(e):
		return void.OutOfTime.Because()
	case !plan.Program.Target.Traits.External && unwatched(e):
		return void.Unwatched.Because()
	}
	switch {
	case plan.Program.AtStartup() && plan.Program.Target.Traits.External:
		return cmp.Or(startVoid(&plan.Program, e), unchecked(e))
	case plan.Program.AtStartup(), plan.Program.Target.Traits.Idle:
		return unchecked(e)
	}
	if plan.Program.Target.Traits.KeepsComing {
		if !acceptedBefore(e, struck) && !provedUnderWay(plan, e, struck) {
			return void.NoGoodAnswer.Because()
		}
		return unchecked(e)
	}
	if !anyAccepted(e) {
		return void.NoneAccepted.Because()
	}
	end := e.LoadBegan() + plan.Program.Scenario.Duration
	if struck > end && lateStrike(e) > max(starved, plan.Program.Scenario.Duration/10) {
		return void.Starved.Because()
	}
	return void.Reason{}
}

// WriteVerdict stores the judgement beside the evidence.
func WriteVerdict(dir rundir.TrialDir, t result.Trial) error {
	raw, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return fmt.Errorf("encode verdict: %w", err)
	}
	return rundir.WriteFile(dir.Verdict(), append(raw, '\n'))
}

// JudgeControl says why a program cannot be tested, or what its load did without a signal.
func JudgeControl(plan Plan, dir rundir.TrialDir) (Control, error) {
	e, err := ledger.Read(dir.Ledger())
	if err != nil {
		return Control{}, fmt.Errorf("judge control trial %s: %w", dir, err)
	}
	switch {
	case endedAs(e, phaseNotServed):
		return Control{Why: failureOf(dir).Why}, nil
	case external.Deserted(e) != "":
		return Control{Why: void.Deserted.Because(external.Deserted(e))}, nil
	case external.Unprepared(e) != "":
		return Control{Why: void.ControlUnprepared.Because(external.Unprepared(e))}, nil
	case e.Drain != nil && e.Drain.Ended > 0:
		return Control{Why: void.ControlEnded.Because(endOf(e))}, nil
	case e.Full || e.Cut != "" || outOfTime(e):
		return Control{Why: void.ControlTorn.Because()}, nil
	}
	checked := ""
	if plan.Program.Target.Traits.Checked {
		holds, found, why := external.Checkup(e)
		if !holds {
			return Control{Why: void.ControlCheck.Because(cmp.Or(why, found, "it was not run"))}, nil
		}
		checked = "; the check found nothing"
	}
	if plan.Program.Target.Traits.Idle {
		return Control{Note: "control: it ran on until it was signalled" + checked}, nil
	}
	c := external.Unasked(e)
	if start := StartOf(e); plan.Program.AtStartup() && start != nil {
		return Control{Note: fmt.Sprintf("control: it was ready %s after its start", start.Until.Round(time.Millisecond)) + checked}, nil
	}
	switch {
	case c.Answered == 0:
		return Control{Why: void.ControlNoAnswer.Because(remarked(e, c.Example))}, nil
	case c.Lost > 0:
		return Control{Why: void.ControlLoses.Because(c.Lost, c.Lost+c.Answered, c.Example)}, nil
	}
	if n := external.TurnedAway(e); n > 0 && plan.Program.Target.Traits.ServesFor > 0 {
		return Control{Why: void.ControlRefuses.Because(n)}, nil
	}
	jobs := ""
	looked, done, why := external.JobsOf(e)
	if why != "" {
		return Control{Why: void.ControlJobs.Because(why)}, nil
	}
	if looked > 0 {
		jobs = fmt.Sprintf("; %d of %d jobs were done, and the rest still queued", done, looked)
	}
	for _, p := range e.Processes {
		if p.Event == extern.ProcessMisread {
			return Control{Why: void.ControlMisread.Because(e.Text(p.Text))}, nil
		}
	}
	endless := external.Endless(e)
	return Control{
		Note: fmt.Sprintf("control: same load, no signal: 0 of %d requests lost", c.Answered) + jobs + checked +
			takenAsEndless(termsOf(&plan, e), endless) + tooShort(c, plan.Program.Scenario.DrainLimit),
		Endless: endless,
		Samples: external.Samples(e), Asked: external.Asked(e, termsOf(&plan, e)),
	}, nil
}

// takenAsEndless names the requests whose answers are taken as streams without an end.
func takenAsEndless(terms breach.Terms, groups []string) string {
	var kinds []string
	for _, group := range groups {
		if kind := cmp.Or(terms.AskingOf(group).Kind, group); !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	if len(kinds) == 0 {
		return ""
	}
	return "; taken as streams without an end: " + strings.Join(kinds, ", ") + " (endless: false says that they end)"
}

// tooShort says that a program has less time to stop than it takes for a request.
func tooShort(c external.Toll, grace time.Duration) string {
	if c.Longest <= grace {
		return ""
	}
	return fmt.Sprintf("; the grace of %s is shorter than your requests, of which one took %s: raise it (--grace, drain_limit)",
		grace, c.Longest.Round(time.Millisecond))
}
