package trial

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/invariant/external"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/result/void"
)

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

// bounded is how full what has a bound has been. A gauge may be there more than once.
func bounded(e *ledger.Evidence) []result.Bounded {
	var all []result.Bounded
	for _, g := range e.Gauges {
		if g.Bound == 0 {
			continue
		}
		name := strings.TrimSuffix(e.Text(g.Name), "-high")
		at := slices.IndexFunc(all, func(b result.Bounded) bool { return b.Name == name })
		if at < 0 {
			at = len(all)
			all = append(all, result.Bounded{Name: name, Bound: g.Bound})
		}
		all[at].Most = max(all[at].Most, g.Value)
	}
	return all
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

// acceptedBefore says whether any client got what it had asked for before a moment.
func acceptedBefore(e *ledger.Evidence, moment time.Duration) bool {
	return slices.ContainsFunc(e.Ops, func(ops []ledger.Op) bool {
		return slices.ContainsFunc(ops, func(o ledger.Op) bool { return o.Outcome == ledger.Accepted && o.Ended <= moment })
	}) || slices.ContainsFunc(e.Wires, func(w ledger.Wire) bool {
		return w.Endless && w.First > 0 && w.First <= moment || w.End == extern.WireHungUp && w.Ended <= moment
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

// maxMarked is how many remarks of one trial are passed on.
const maxMarked = 3

// setAside moves what one trial alone does not prove to the trial's suspects, and returns the others.
func setAside(t *result.Trial, found []result.Breach, warns bool) (others []result.Breach) {
	for _, b := range found {
		if b.If == "" {
			others = append(others, b)
			continue
		}
		if warns {
			b.If = b.If.Warns()
		}
		t.Suspects = append(t.Suspects, b)
	}
	return others
}

// storyMargin is how far what has no moment of its own is set in, in a story.
const storyMargin = 28

// tellStop tells the stop of an external program on one line: in each story, and, where there may be none, of a run's
// first trial.
func tellStop(t *result.Trial, e *ledger.Evidence, window time.Duration) {
	if words := external.Readiness(e); words != "" {
		t.Notes = append(t.Notes, words)
	}
	line := external.StopLine(e)
	if line == "" {
		return
	}
	if t.Index == 0 && t.Replacement == 0 {
		t.Notes = append(t.Notes, "the stop: "+line)
		if words := external.Served(e, window); words != "" {
			t.Notes = append(t.Notes, words)
		}
	}
	for _, found := range [][]result.Breach{t.Breaches, t.Warnings, t.Suspects} {
		for i := range found {
			if len(found[i].Evidence) > 0 {
				found[i].Evidence = append(found[i].Evidence, strings.Repeat(" ", storyMargin)+"the stop: "+line)
			}
		}
	}
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

// unchecked says why the scenario's own check could not tell, or jobs could not be looked up.
func unchecked(e *ledger.Evidence) void.Reason {
	if _, _, why := external.Checkup(e); why != "" {
		return void.Unchecked.Because(why)
	}
	looked, taken, why := external.JobsOf(e)
	switch {
	case why != "":
		return void.NotLookedUp.Because(why)
	case looked > 0 && taken == 0:
		return void.NoneTaken.Because(looked)
	}
	return void.Reason{}
}
