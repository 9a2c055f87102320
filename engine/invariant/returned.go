package invariant

import (
	"slices"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

// That a message was given back to its owner is a claim of the server. It excuses a loss where the record does not
// speak against it.

// Why a message that was given back counts as lost all the same.
const (
	returnedBeforeDrain     = "returned-before-drain"
	returnedWithoutDeadline = "returned-without-deadline"
	returnedAndDelivered    = "returned-and-delivered"
	returnedAndAccepted     = "returned-and-accepted"
)

// doubts says why a give-back does not excuse the loss; empty where it does.
func (x *Index) doubts(d ledger.Discard, terms *breach.Terms) string {
	drain := x.e.Drain
	switch {
	case drain == nil:
		return returnedBeforeDrain
	case drain.Began > 0 && d.At < drain.Began:
		return returnedBeforeDrain
	case terms.GivesBackAtDeadline && x.drained && drain.How == ledger.DrainReturned && !slices.Contains(terms.GivesBackEarly, x.e.Text(d.Cause)):
		return returnedWithoutDeadline
	}
	return ""
}

// cleared says whether a message was given back and nothing speaks against it.
func (x *Index) cleared(back []ledger.Discard, terms *breach.Terms) bool {
	return slices.ContainsFunc(back, func(d ledger.Discard) bool { return x.doubts(d, terms) == "" })
}

// backTwice finds messages that were given back, and that their owner may not do again: they were delivered to the
// subscriber for which they were given back, or accepted by an operation whose acceptance means that it is done.
func (x *Index) backTwice(r *breach.Report) {
	type twice struct {
		op *ledger.Op
		d  ledger.Discard
	}
	var found breach.Groups[twice]
	for i, d := range x.returned {
		n := x.number(d.Msg)
		if n < 0 || x.toldBefore(i) {
			continue
		}
		lane := d.Msg.Lane()
		op := &x.e.Ops[lane][d.Msg.Seq()-1]
		if op.Outcome != ledger.Accepted || slices.Contains(r.InDoubt, x.e.Text(d.Station)) {
			continue
		}
		why := ""
		switch {
		case x.seenFor(n, d.Lane):
			why = returnedAndDelivered
		case (d.Lane < 0 || d.Lane == lane) && slices.Contains(r.Done, x.e.Lanes[lane].Op):
			why = returnedAndAccepted
		default:
			continue
		}
		found.Add(classOfReturned(x.e.Text(d.Station), why), twice{op, d})
	}
	for g := range found.Found() {
		op, d := g.Example.op, g.Example.d
		s := r.Story("one of %d: message %s", g.N, r.Message(op.Msg)).
			Before(op.Ended, r.Sender(op.Msg), "was told OK: accepted here").
			At(d.At, "server", "gave it back from "+x.e.Text(d.Where)+": "+x.e.Text(d.Cause))
		what := "given back to their owners, and accepted as done"
		if g.Class == classOfReturned(x.e.Text(d.Station), returnedAndDelivered) {
			what = "given back to their owners, and delivered"
			x.toldOf(s, op.Msg, d.Lane)
		}
		r.Add(g.Class, g.N, x.nAccept, "accepted messages were "+what, s.Marks().Drain())
	}
}

// toldBefore says whether an earlier record says the same of a message and a lane.
func (x *Index) toldBefore(i int) bool {
	for j := i - 1; j >= 0 && x.returned[j].Msg == x.returned[i].Msg; j-- {
		if x.returned[j].Lane == x.returned[i].Lane {
			return true
		}
	}
	return false
}

func classOfReturned(station, why string) string { return "no-lost-message/" + station + "/" + why }

// seenFor says whether a message reached the subscriber for which it was given back; of all where the lane is none.
func (x *Index) seenFor(n, lane int) bool {
	if lane < 0 {
		return x.seenByAny(n)
	}
	if lane >= len(x.subscriber) || x.subscriber[lane] < 0 {
		return false
	}
	return has(x.row(n), x.subscriber[lane])
}

// toldOf tells of a message's deliveries to a lane, or to all.
func (x *Index) toldOf(s *breach.Story, m ledger.MsgID, to int) {
	for lane, deliveries := range x.e.Deliveries {
		for _, d := range deliveries {
			if d.Msg == m && (to < 0 || to == lane) && s.Room() {
				s.At(d.At, x.e.LaneName(lane), "has it: its handler returned")
			}
		}
	}
}
