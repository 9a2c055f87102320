package trial

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/racebench/racebench/engine/invariant"
	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/invariant/external"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/measure"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/result/void"
	"github.com/racebench/racebench/engine/signals"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets"
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
	t := result.Trial{Index: p.ID.Index, Replacement: p.ID.Replacement, Number: p.ID.Number, Seed: p.ID.Seed, Dir: string(dir)}
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

// JudgeEvidence says what evidence would show that stands in place of the trial's ledger.
func (p Plan) JudgeEvidence(dir rundir.TrialDir, e *ledger.Evidence) result.Trial {
	t := result.Trial{Index: p.ID.Index, Number: p.ID.Number, Seed: p.ID.Seed, Dir: string(dir)}
	judgeEvidence(&t, &p, e)
	return t
}

// storedVerdict is what the run said of a trial whose ledger it had no room for.
func storedVerdict(dir rundir.TrialDir) (result.Trial, error) {
	var t result.Trial
	raw, err := os.ReadFile(dir.Verdict())
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
	t.Crossed = external.Crossed(e)
	if !early { // else clients may well find nobody
		t.Notes = append(t.Notes, unconnected(e)...)
	}
	t.Asked, t.Suspects = external.Asked(e, terms), external.Suspects(e, terms)
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
	}
	if plan.Small == nil {
		t.Latency, t.Throughput = measure.Measure(e, struck, hasStruck)
		t.Answers, t.Failures = measure.Answers(e, struck, hasStruck)
		if hasStruck {
			t.TickWidth = measure.TimelineWidth(plan.Program.Scenario.Duration)
			t.Timeline = measure.Timeline(e, struck, t.TickWidth)
			t.FirstLoss = firstLoss(t.Breaches, e, struck)
		}
	}
	t.Late = lateStrike(e)
	t.Memory, t.Threads, t.Descriptors = largest(e, ledger.MemoryGauge), largest(e, ledger.ThreadsGauge), largest(e, ledger.DescriptorsGauge)
	t.Returned, t.Policy = int64(len(e.Returned)), policyLosses(e)
	t.Windows = windowsOf(e)
	why := voidReason(plan, e, rundir.TrialDir(t.Dir))
	if why.Code == void.BeforeHandler || why.Code == void.AfterStart {
		t.Breaches, t.Warnings = nil, nil // nobody asked what comes of the program then
	}
	t.Void, t.VoidCode = why.Text, why.Code
	t.Verdict = result.VerdictOf(t.Breaches, t.Void)
}

// asking says what the load groups ask an external program for.
func (p *Program) asking() []breach.Asking {
	var all []breach.Asking
	for _, g := range p.Groups {
		a := breach.Asking{Group: g.As}
		if asker, ok := g.Client.(targets.Asker); ok && asker.Asks() != "" {
			a.Kind, a.Lists = g.Op.Name+" "+asker.Asks(), asker.Lists()
		}
		all = append(all, a)
	}
	return all
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
	}
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

// lateStrike is how late the first signal left, against the plan.
func lateStrike(e *ledger.Evidence) time.Duration {
	s, _ := e.Strike()
	return max(0, s.At-s.Planned)
}

// largest is the largest value that a gauge has had; 0 is not measured.
func largest(e *ledger.Evidence, gauge string) int64 {
	var most int64
	for _, g := range e.Gauges {
		if e.Text(g.Name) == gauge {
			most = max(most, g.Value)
		}
	}
	return most
}

// policyLosses counts what the overflow policy skipped or lost before the drain.
func policyLosses(e *ledger.Evidence) int64 {
	var n int64
	for _, d := range e.Discards {
		if d.Policy && !d.Draining {
			n++
		}
	}
	return n
}

// wasWidened says whether a task was held in a window: such a trial's breaches are not natural.
func wasWidened(e *ledger.Evidence) bool {
	return slices.ContainsFunc(e.Windows, func(w ledger.Window) bool { return w.Widened })
}

func windowsOf(e *ledger.Evidence) []result.WindowCount {
	var counts []result.WindowCount
	for _, w := range e.Windows {
		counts = append(counts, result.WindowCount{Name: e.Text(w.Name), Struck: w.Struck, Met: w.Met})
	}
	return counts
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
	case killedByOther(e):
		return void.Killed.Because()
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
		return startVoid(&plan.Program, e)
	case plan.Program.AtStartup(), plan.Program.Target.Traits.Idle:
		return void.Reason{}
	}
	if plan.Program.Target.Traits.KeepsComing {
		if !acceptedBefore(e, struck) && !provedUnderWay(plan, e, struck) {
			return void.NoGoodAnswer.Because()
		}
		return void.Reason{}
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

func endedAs(e *ledger.Evidence, name string) bool {
	return slices.ContainsFunc(e.Phases, func(p ledger.Phase) bool { return p.Ended && e.Text(p.Name) == name })
}

// killedByOther says whether somebody else's SIGKILL ended the process.
func killedByOther(e *ledger.Evidence) bool {
	kill := int(syscall.SIGKILL)
	sent := slices.ContainsFunc(e.Signals, func(s ledger.Signal) bool { return s.Number == kill })
	return !sent && slices.ContainsFunc(e.Phases, func(p ledger.Phase) bool { return p.Ended && p.Signal == kill })
}

// unwatched says whether a drain neither ended nor was given up: the strike came too late to be waited
// for.
func unwatched(e *ledger.Evidence) bool {
	died := slices.ContainsFunc(e.Phases, func(p ledger.Phase) bool { return p.Ended && (p.Status != 0 || p.Signal != 0) })
	return !died && (e.Drain == nil || e.Drain.Ended == 0) && len(e.Tasks) == 0 && !endedAs(e, phaseExited)
}

func outOfTime(e *ledger.Evidence) bool {
	return slices.ContainsFunc(e.Phases, func(p ledger.Phase) bool { return p.Limit })
}

func anyAccepted(e *ledger.Evidence) bool {
	for _, ops := range e.Ops {
		for i := range ops {
			if ops[i].Outcome == ledger.Accepted {
				return true
			}
		}
	}
	return false
}

// WriteVerdict stores the judgement beside the evidence.
func WriteVerdict(dir rundir.TrialDir, t result.Trial) error {
	raw, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return fmt.Errorf("encode verdict: %w", err)
	}
	return rundir.WriteFile(dir.Verdict(), append(raw, '\n'))
}
