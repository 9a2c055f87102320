package invariant

import (
	"slices"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

// lostAnswers accuses a server that has stopped of calls that it had taken, by its own account, and whose
// answers were lost: their clients saw the connection end, or an answer that was not theirs. Such an answer
// stands in the ledger as a message that was discarded on the way to its own sender. What the server had
// not taken crossed the stop on the wire, which is nobody's fault.
func lostAnswers(x *Index, terms Terms) []result.Breach {
	if !x.drained || terms.Killed || !x.complete() {
		return nil
	}
	type loss struct {
		class string
		count int64
		op    ledger.Op
		d     ledger.Discard
	}
	var losses []*loss
	for i, d := range x.discards {
		lane := d.Msg.Lane()
		if d.Lane != lane || d.Policy || i > 0 && x.discards[i-1].Msg == d.Msg && x.discards[i-1].Lane == lane {
			continue
		}
		op, ok := x.e.Op(d.Msg)
		_, back := about(x.returnedOf(d.Msg), lane)
		if !ok || back || op.Ended == 0 || op.Outcome != ledger.Unknown || op.Cause == ledger.Cancelled {
			continue // answered all the same, or its client gave it up
		}
		class := "every-call-returns/" + x.e.Text(d.Station) + "/" + x.e.Text(d.Cause)
		n := slices.IndexFunc(losses, func(l *loss) bool { return l.class == class })
		if n < 0 {
			n = len(losses)
			losses = append(losses, &loss{class: class, op: op, d: d})
		}
		losses[n].count++
	}
	var breaches []result.Breach
	for _, l := range losses {
		s := x.newStory()
		s.title("one of %d: the call of %s", l.count, x.messageName(l.op.Msg))
		s.at(l.op.Began, x.e.LaneName(l.op.Msg.Lane()), "called")
		s.strike()
		s.at(l.d.At, "server", "had taken it and gave it up in "+x.e.Text(l.d.Where))
		s.at(l.op.Ended, x.e.LaneName(l.op.Msg.Lane()), "got no answer of its own")
		s.drain()
		breaches = append(breaches, result.Breach{
			Invariant: "every-call-returns", Class: l.class, Verdict: result.Breached, Count: l.count,
			Summary:  counted(l.count, "call was taken and never answered", "calls were taken and never answered"),
			Evidence: s.lines(),
		})
	}
	return breaches
}

// returnedOf lists what was recorded of a message as given back.
func (x *Index) returnedOf(m ledger.MsgID) []ledger.Discard {
	i, found := slices.BinarySearchFunc(x.returned, m, func(d ledger.Discard, m ledger.MsgID) int {
		switch {
		case d.Msg < m:
			return -1
		case d.Msg > m:
			return 1
		}
		return 0
	})
	if !found {
		return nil
	}
	end := i
	for end < len(x.returned) && x.returned[end].Msg == m {
		end++
	}
	return x.returned[i:end]
}
