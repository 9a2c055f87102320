package trial

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/invariant/external"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/result/void"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/targets/promise"
)

// A Control is what a run without a signal has shown.
type Control struct {
	Why     void.Reason // why the program cannot be tested; the zero Reason when it can
	Note    string
	Samples []breach.Sample
	Asked   []result.Asked
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
	case e.Drain != nil && e.Drain.Ended > 0:
		return Control{Why: void.ControlEnded.Because(endOf(e))}, nil
	case e.Full || e.Cut != "" || outOfTime(e):
		return Control{Why: void.ControlTorn.Because()}, nil
	}
	if plan.Program.Target.Traits.Idle {
		return Control{Note: "control: it ran on until it was signalled"}, nil
	}
	c := external.Unasked(e)
	if start := StartOf(e); plan.Program.AtStartup() && start != nil {
		return Control{Note: fmt.Sprintf("control: it was ready %s after its start", start.Until.Round(time.Millisecond))}, nil
	}
	switch {
	case c.Answered == 0:
		return Control{Why: void.ControlNoAnswer.Because(remarked(e, c.Example))}, nil
	case c.Lost > 0:
		return Control{Why: void.ControlLoses.Because(c.Lost, c.Lost+c.Answered, c.Example)}, nil
	}
	return Control{
		Note:    fmt.Sprintf("control: same load, no signal: 0 of %d requests lost", c.Answered) + tooShort(c, plan.Program.Scenario.DrainLimit),
		Samples: external.Samples(e), Asked: external.Asked(e, termsOf(&plan, e)),
	}, nil
}

// judgeUnasked judges what a program did in the run without a signal: nothing but a crash is its breach.
func judgeUnasked(t *result.Trial, plan *Plan, e *ledger.Evidence) {
	if slices.Contains(plan.Program.Expect, promise.ProcessSurvives) {
		r := breach.NewReport(e, termsOf(plan, e))
		external.ProcessSurvives(external.Of(e), r)
		t.Breaches = r.Breaches()
	}
	why := voidReason(plan, e, rundir.TrialDir(t.Dir))
	t.Void, t.VoidCode = why.Text, why.Code
	t.Verdict = result.VerdictOf(t.Breaches, t.Void)
}

// tooShort says that a program has less time to stop than it takes for a request.
func tooShort(c external.Toll, grace time.Duration) string {
	if c.Longest <= grace {
		return ""
	}
	return fmt.Sprintf("; the grace of %s is shorter than your requests, of which one took %s: raise it (--grace, drain_limit)",
		grace, c.Longest.Round(time.Millisecond))
}

// remarked is what the clients remarked, or else what became of one of them.
func remarked(e *ledger.Evidence, example string) string {
	if notes := unconnected(e); len(notes) > 0 {
		return ": " + notes[0]
	}
	return example
}

// endOf says how a program ended, and when.
func endOf(e *ledger.Evidence) string {
	var ready time.Duration
	for _, p := range e.Processes {
		switch p.Event {
		case extern.ProcessReady:
			ready = p.At
		case extern.ProcessEnded:
			return fmt.Sprintf("after %.1f s (%s)", (p.At - ready).Seconds(), external.EndOf(p))
		}
	}
	return "(nobody saw how)"
}

// acceptedBefore says whether any client got what it had asked for before a moment.
func acceptedBefore(e *ledger.Evidence, moment time.Duration) bool {
	return slices.ContainsFunc(e.Ops, func(ops []ledger.Op) bool {
		return slices.ContainsFunc(ops, func(o ledger.Op) bool { return o.Outcome == ledger.Accepted && o.Ended <= moment })
	}) || slices.ContainsFunc(e.Wires, func(w ledger.Wire) bool { return w.Msg == 0 && w.Sent > 0 && w.Sent <= moment })
}

// provedUnderWay says whether a request was under way at a moment that the run without a signal has proved to be
// answered well.
func provedUnderWay(plan *Plan, e *ledger.Evidence, moment time.Duration) bool {
	return slices.ContainsFunc(e.Wires, func(w ledger.Wire) bool {
		op, ok := e.Op(w.Msg)
		return ok && op.Began <= moment && (op.Ended == 0 || op.Ended > moment) && w.Conn != extern.ConnPreopened &&
			slices.ContainsFunc(plan.ID.ControlRun, func(s breach.Sample) bool { return s.Group == e.Lanes[w.Lane].Group && s.Of > 0 })
	})
}

// unconnected lists why clients could not connect, each reason once. One that came when an in-process server
// was struck already was refused, as it must be.
func unconnected(e *ledger.Evidence) []string {
	strike, hasStruck := e.Strike()
	struck := strike.At
	var notes []string
	for _, m := range e.Marks {
		text := e.Text(m.Text)
		if len(e.Processes) == 0 && (!strings.HasPrefix(text, couldNotConnect) || hasStruck && m.At >= struck) {
			continue
		}
		if len(notes) < maxMarked && !slices.Contains(notes, text) {
			notes = append(notes, text)
		}
	}
	return notes
}

// couldNotConnect is how the remark on a client begins whose Dial has failed.
const couldNotConnect = "could not connect: "

// maxMarked is how many remarks of one trial are passed on.
const maxMarked = 3
