package invariant

import (
	"fmt"
	"slices"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

const overLimit = "drain-ends/late/over-limit"

// drainEnds judges the time from the strike to the server's end. It is the one verdict that the wall
// clock has a say in, and only against the limit that the user set.
func drainEnds(x *Index, terms Terms) []result.Breach {
	if !x.struck || terms.Killed || x.e.Cut != "" {
		return nil
	}
	d := x.e.Drain
	if !x.drained && x.outside() {
		return x.hungProgram(terms)
	}
	if !x.drained {
		return x.unended(terms)
	}
	took := d.Ended - x.strikeAt - x.stalled()
	switch {
	case d.How == ledger.DrainDeadline && d.Left == 0 && !x.leftSome() && !x.workedLate(x.strikeAt+took/2):
		return []result.Breach{x.lateDrain("drain-ends/deadline/nothing-left",
			"the server's own deadline ended a drain that had nothing left to finish")}
	case took > terms.DrainLimit && terms.Virtual:
		return []result.Breach{x.lateDrain(overLimit,
			fmt.Sprintf("the drain has to wait for %s, however fast the machine; the limit is %s", round(took), terms.DrainLimit))}
	case took > terms.DrainLimit:
		return []result.Breach{x.lateDrain(overLimit,
			fmt.Sprintf("the drain took %s; the limit is %s", round(took), terms.DrainLimit))}
	}
	return nil
}

// stalled is for how long the trial's process stood still in the drain.
func (x *Index) stalled() time.Duration {
	var sum time.Duration
	for _, g := range x.e.Gauges {
		if x.e.Text(g.Name) == ledger.StallGauge {
			sum += time.Duration(g.Value)
		}
	}
	return sum
}

// leftSome says whether something was in the server when it ended, by its own account: messages that it
// gave back or left, other than by its policy.
func (x *Index) leftSome() bool {
	return len(x.e.Returned) > 0 || slices.ContainsFunc(x.e.Discards, func(d ledger.Discard) bool { return !d.Policy })
}

// workedLate says whether the server still had work after a moment: a message was delivered or accepted,
// or a call was under way. Work that ends just as a deadline strikes was left when it did.
func (x *Index) workedLate(moment time.Duration) bool {
	for _, seen := range x.e.Deliveries {
		if len(seen) > 0 && seen[len(seen)-1].At > moment {
			return true
		}
	}
	for _, ops := range x.e.Ops {
		for i := range ops {
			op := &ops[i]
			if (op.Ended == 0 || op.Ended > moment) && (op.Outcome == ledger.Accepted || op.Began <= moment) {
				return true
			}
		}
	}
	return false
}

func (x *Index) lateDrain(class, summary string, busy ...ledger.Task) result.Breach {
	s := x.newStory()
	s.strike()
	s.marks()
	s.drain()
	for _, t := range busy {
		s.add(x.e.Text(t.Name), x.waits(t))
	}
	return result.Breach{
		Invariant: "drain-ends", Class: class, Verdict: result.Breached, Count: 1, Summary: summary, Evidence: s.lines(),
	}
}

// unended tells a hang from a drain that is only slow: it hangs when every task of the server is parked,
// and not on the clock. Tasks are looked at one after the other, so one that parked after the drain was
// given up was moving then, and may have woken one that was looked at before it. In virtual time a drain
// is given up when nobody can move any more, whatever the clock shows then.
func (x *Index) unended(terms Terms) []result.Breach {
	given := 5 * terms.DrainLimit
	var tasks []ledger.Task
	var atRest time.Duration // when the last of the server's tasks parked
	moving := 0
	for _, t := range x.e.Tasks {
		if t.AfterDrain {
			continue
		}
		tasks = append(tasks, t)
		if t.Target && (!t.Parked || !terms.Virtual && t.Since > x.strikeAt+given) {
			moving++
		}
		if t.Target {
			atRest = max(atRest, t.Since)
		}
	}
	if len(tasks) == 0 || !x.complete() {
		return nil // the trial ended before the drain was given up, or not all of it was written down
	}
	if moving == 0 && !terms.Virtual && x.callerMoves(atRest, x.strikeAt+given, false) {
		moving++ // a client whose call began before the server came to rest, and that is on its way
	}
	if moving > 0 {
		return []result.Breach{x.lateDrain("drain-ends/late/still-busy",
			fmt.Sprintf("the drain had not ended after %s, five times its limit; %s still moving", given, counted(int64(moving), "task was", "tasks were")),
			x.movers(tasks)...)}
	}
	chain := x.chain(tasks)
	last := chain[len(chain)-1]
	s := x.newStory()
	s.title("who waits for what, %s after the signal:", given)
	s.strike()
	s.marks()
	for _, t := range chain {
		s.add(x.e.Text(t.Name), x.waits(t))
	}
	for _, t := range x.others(tasks, chain) {
		s.add(x.e.Text(t.Name), x.waits(t))
	}
	class := "drain-ends/" + plain(x.e.Text(last.Name)) + "/" + x.cause(last)
	return []result.Breach{{
		Invariant: "drain-ends", Class: class, Verdict: result.Hung, Count: 1,
		Summary: fmt.Sprintf("the server never stopped: %s waits for ever in %s for %s%s",
			x.e.Text(last.Name), x.e.Text(last.Wait), x.e.Text(last.Object), x.stuckInside(s)),
		Evidence: s.lines(),
	}}
}

// stuckInside tells of the uses of the backend that never ended: who is in there has what others wait for. It
// returns what a summary says of them.
func (x *Index) stuckInside(s *story) string {
	inside := map[uint64]bool{}
	for _, a := range x.e.Accesses {
		inside[a.Number] = !a.Ended
	}
	var first ledger.Access
	n := 0
	for _, a := range x.e.Accesses {
		if a.Ended || !inside[a.Number] {
			continue
		}
		if n++; n == 1 {
			first = a
		}
		if s.room() {
			s.at(a.At, x.e.LaneName(a.Msg.Lane()), fmt.Sprintf("its %s (%s) enters the backend and never leaves it", a.Kind, x.messageName(a.Msg)))
		}
	}
	switch n {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("; the %s of %s is in the backend for good", first.Kind, x.messageName(first.Msg))
	}
	return fmt.Sprintf("; the %s of %s is in the backend for good, and %d more", first.Kind, x.messageName(first.Msg), n-1)
}
