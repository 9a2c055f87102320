package invariant

import (
	"fmt"
	"slices"
	"time"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

const overLimit = "drain-ends/late/over-limit"

// drainEnds judges the time from the strike to the server's end. It is the one verdict that the wall
// clock has a say in, and only against the limit that the user set.
func drainEnds(x *Index, r *breach.Report) {
	if !x.drainJudged(r) || !x.drained {
		return
	}
	x.heldDrain(r)
	d := x.e.Drain
	took := d.Ended - x.strikeAt - x.stalled()
	if _, claimed := x.claim(ledger.ClaimThirdSignal); claimed && d.How == ledger.DrainDeadline && x.signalsTaken() >= 3 {
		x.reportLate(r, "drain-ends/deadline/third-signal-ignored", "the server took a third signal, and waited for its own deadline all the same")
		return
	}
	switch {
	case d.How == ledger.DrainDeadline && d.Left == 0 && (!r.Virtual || r.IdleDeadline) && !x.leftSome() && !x.workedLate(x.strikeAt+took/2):
		x.reportLate(r, "drain-ends/deadline/nothing-left", "the server's own deadline ended a drain that had nothing left to finish")
	case took > r.DrainLimit && r.Virtual:
		x.reportLate(r, overLimit,
			fmt.Sprintf("the drain has to wait for %s, however fast the machine; the limit is %s", breach.Round(took), r.DrainLimit))
	case took > r.DrainLimit:
		x.reportLate(r, overLimit, fmt.Sprintf("the drain took %s; the limit is %s", breach.Round(took), r.DrainLimit))
	}
}

// signalsTaken is how many signals the server has taken in all. It ends by the deadline only what no third one has ended,
// whatever came at the same moment.
func (x *Index) signalsTaken() int {
	n := 0
	for _, s := range x.e.Signals {
		if s.Taken {
			n++
		}
	}
	return n
}

// drainJudged says whether the server had to stop, and the record shows whether it did.
func (x *Index) drainJudged(r *breach.Report) bool { return x.struck && !r.Killed && x.e.Cut == "" }

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
// or a call was under way. Work that ends just as a deadline strikes was left when it did. A call that was refused
// because the server is closed has only waited for the stop, and is no work; nor is what an audit finds once the server is
// gone.
func (x *Index) workedLate(moment time.Duration) bool {
	for lane, seen := range x.e.Deliveries {
		if x.e.Audit != nil && lane == x.e.Audit.Lane {
			continue
		}
		if len(seen) > 0 && seen[len(seen)-1].At > moment {
			return true
		}
	}
	for _, ops := range x.e.Ops {
		for i := range ops {
			op := &ops[i]
			if op.Outcome == ledger.Refused && op.Cause == ledger.Closed {
				continue
			}
			if (op.Ended == 0 || op.Ended > moment) && (op.Outcome == ledger.Accepted || op.Began <= moment) {
				return true
			}
		}
	}
	return false
}

func (x *Index) reportLate(r *breach.Report, class, summary string, busy ...ledger.Task) {
	s := r.Story("").Marks().Drain()
	for _, t := range busy {
		s.Add(x.e.Text(t.Name), x.waits(t))
	}
	r.Add(class, 1, 0, summary, s)
}

// drainHangs tells a hang from a drain that is only slow: it hangs when every task of the server is parked,
// and not on the clock. Tasks are looked at one after the other, so one that parked after the drain was
// given up was moving then, and may have woken one that was looked at before it. In virtual time a drain
// is given up when nobody can move any more, whatever the clock shows then.
func drainHangs(x *Index, r *breach.Report) {
	if !x.drainJudged(r) || x.drained {
		return
	}
	given := 5 * r.DrainLimit
	var tasks []ledger.Task
	var atRest time.Duration // when the last of the server's tasks parked
	moving := 0
	for _, t := range x.e.Tasks {
		if t.AfterDrain {
			continue
		}
		tasks = append(tasks, t)
		if t.Target && (!t.Parked || !r.Virtual && t.Since > x.strikeAt+given) {
			moving++
		}
		if t.Target {
			atRest = max(atRest, t.Since)
		}
	}
	if len(tasks) == 0 || !x.complete() {
		return // the trial ended before the drain was given up, or not all of it was written down
	}
	if moving == 0 && !r.Virtual && x.callerMoves(atRest, x.strikeAt+given, false) {
		moving++ // a client whose call began before the server came to rest, and that is on its way
	}
	if moving > 0 {
		x.reportLate(r, "drain-ends/late/still-busy",
			fmt.Sprintf("the drain had not ended after %s, five times its limit; %s still moving", given, breach.Counted(int64(moving), "task was", "tasks were")),
			x.movers(tasks)...)
		return
	}
	chain := x.chain(tasks)
	last := chain[len(chain)-1]
	s := r.Story("who waits for what, %s after the signal:", given).Marks()
	for _, t := range slices.Concat(chain, x.others(tasks, chain)) {
		s.Add(x.e.Text(t.Name), x.waits(t))
	}
	r.Hang("drain-ends/"+breach.Plain(x.e.Text(last.Name))+"/"+x.cause(last),
		fmt.Sprintf("the server never stopped: %s waits for ever in %s for %s%s",
			x.e.Text(last.Name), x.e.Text(last.Wait), x.e.Text(last.Object), x.stuckInside(r, s)), s)
}

// stuckInside tells of the uses of the backend that never ended: who is in there has what others wait for. It
// returns what a summary says of them.
func (x *Index) stuckInside(r *breach.Report, s *breach.Story) string {
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
		if s.Room() {
			s.At(a.At, x.e.LaneName(a.Msg.Lane()), fmt.Sprintf("its %s (%s) enters the backend and never leaves it", a.Kind, r.Message(a.Msg)))
		}
	}
	switch n {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("; the %s of %s is in the backend for good", first.Kind, r.Message(first.Msg))
	}
	return fmt.Sprintf("; the %s of %s is in the backend for good, and %d more", first.Kind, r.Message(first.Msg), n-1)
}
