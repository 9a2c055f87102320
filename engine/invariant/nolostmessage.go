package invariant

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

// A loss is one class of lost messages while it is counted.
type loss struct {
	station, cause string
	count          int64
	example        place
	missing        []int // lanes that the example did not reach
	why            ledger.Discard
	known          bool // why is set
}

func (l *loss) class() string {
	if !l.known {
		return "no-lost-message/unknown/never-seen"
	}
	return "no-lost-message/" + l.station + "/" + l.cause
}

// lossJudged says whether what did not arrive is lost. Only a drain that ended says so: while a server
// hangs, what it holds is not lost yet, and the hang is the breach. A killed process promised nothing
// that memory holds, and where the record is not complete there may have been a delivery.
func (x *Index) lossJudged(terms Terms) bool { return x.drained && !terms.Killed && x.complete() }

// newLosses asks for messages that a subscriber was owed to the end. One that left of its own will is owed
// nothing for certain. One that the overflow policy stopped is owed nothing either, unless it was the
// drain that made it overflow; and what the policy skipped before the drain is not lost.
func (x *Index) newLosses() *owing {
	return x.newOwing(
		func(s ledger.Subscription) bool { return s.Until == 0 || s.Policy && s.Draining },
		func(d ledger.Discard) bool { return d.Policy && !d.Draining },
	)
}

// lostMessages accuses once a class; a message that several subscribers lack counts once.
func lostMessages(x *Index, terms Terms) []result.Breach {
	if x.e.Audit != nil {
		return lostOnReopen(x, terms)
	}
	if !x.lossJudged(terms) {
		return nil
	}
	var losses []*loss
	o := x.newLosses()
	for lane, ops := range x.e.Ops {
		for i := range ops {
			op := &ops[i]
			if op.Outcome != ledger.Accepted {
				continue
			}
			if missing := o.unseen(op, lane, x.base[lane]+i); missing != nil {
				losses = x.blame(losses, place{int32(lane), int32(i)}, missing, o.discards.at(op.Msg))
			}
		}
	}
	slices.SortStableFunc(losses, func(a, b *loss) int {
		return cmp.Or(-cmp.Compare(a.count, b.count), cmp.Compare(a.class(), b.class()))
	})
	var breaches []result.Breach
	for _, l := range losses {
		breaches = append(breaches, result.Breach{
			Invariant: "no-lost-message", Class: l.class(), Verdict: result.Breached, Count: l.count, Of: x.nAccept,
			Summary:  fmt.Sprintf("%d of %d accepted messages lost", l.count, x.nAccept),
			Evidence: x.tellLoss(l),
		})
	}
	return breaches
}

// blame counts a message under the class of the first subscriber that lacks it and of which is known why.
func (x *Index) blame(losses []*loss, at place, missing []uint64, discards []ledger.Discard) []*loss {
	this := loss{count: 1, example: at}
	members(missing, func(n int) {
		if !this.known {
			this.why, this.known = about(discards, x.subscribers[n].lane)
		}
	})
	if this.known {
		this.station, this.cause = x.e.Text(this.why.Station), x.e.Text(this.why.Cause)
	}
	for _, l := range losses {
		if l.known == this.known && l.station == this.station && l.cause == this.cause {
			l.count++
			return losses
		}
	}
	members(missing, func(n int) { this.missing = append(this.missing, x.subscribers[n].lane) })
	return append(losses, &this)
}

// tellLoss is the story of one lost message.
func (x *Index) tellLoss(l *loss) []string {
	s := x.newStory()
	op := x.op(l.example)
	s.title("one of %d: message %s", l.count, x.messageName(op.Msg))
	s.at(op.Ended, x.e.LaneName(op.Msg.Lane()), "send returned OK: accepted here")
	s.strike()
	if l.known {
		where := cmp.Or(x.e.Text(l.why.Where), x.e.Text(l.why.Station))
		s.at(l.why.At, "server", fmt.Sprintf("last seen in %s: %s", where, x.e.Text(l.why.Cause)))
	}
	s.marks()
	s.drain()
	s.add("audit", x.reach(op, l.missing))
	return s.lines()
}

// reach compares the lost message with the one before it.
func (x *Index) reach(op *ledger.Op, missing []int) string {
	owed := x.audience(op)
	text := fmt.Sprintf("%s reached %s", x.messageName(op.Msg), ofAll(owed-len(missing), owed))
	if len(missing) < owed {
		text += ", not " + x.e.LaneName(missing[0])
	}
	before, ok := x.e.Op(ledger.NewMsgID(op.Msg.Lane(), op.Msg.Seq()-1))
	if !ok || before.Outcome != ledger.Accepted {
		return text
	}
	reached := count(x.row(x.number(before.Msg)))
	return text + fmt.Sprintf("; #%d before it reached %s", before.Msg.Seq(), ofAll(reached, max(reached, x.audience(&before))))
}

// audience is how many subscribers a message was owed to.
func (x *Index) audience(op *ledger.Op) int {
	o, n := x.newLosses(), 0
	members(o.set(int(op.Topic)), func(k int) {
		if s := &x.subscribers[k]; s.lane != op.Msg.Lane() && o.spans(s, op) {
			n++
		}
	})
	return n
}

func ofAll(n, total int) string {
	switch {
	case n <= 0:
		return "no subscriber"
	case n == 1 && total == 1:
		return "its subscriber"
	case n == total:
		return fmt.Sprintf("all %d subscribers", n)
	}
	return fmt.Sprintf("%d of %d subscribers", n, total)
}

// lostOnReopen accuses once a class of message and a reason.
func lostOnReopen(x *Index, terms Terms) []result.Breach {
	if !x.reopenJudged() {
		return nil
	}
	p := x.newPromise(terms)
	var losses []*loss
	discards, returned := cursor{list: x.discards}, cursor{list: x.returned}
	for lane, ops := range x.e.Ops {
		for i := range ops {
			op := &ops[i]
			if op.Outcome != ledger.Accepted || !x.audited(op) || x.recovered(x.base[lane]+i) {
				continue
			}
			why := p.breaks(op)
			if why == "" || len(returned.at(op.Msg)) > 0 {
				continue
			}
			this := loss{count: 1, example: place{int32(lane), int32(i)}, station: x.classOf(op), cause: why, known: true}
			if records := discards.at(op.Msg); len(records) > 0 {
				this.why = records[0]
				this.cause = plain(x.e.Text(this.why.Station) + "-" + x.e.Text(this.why.Cause))
			}
			if n := slices.IndexFunc(losses, func(l *loss) bool { return l.class() == this.class() }); n >= 0 {
				losses[n].count++
				continue
			}
			losses = append(losses, &this)
		}
	}
	slices.SortStableFunc(losses, func(a, b *loss) int {
		return cmp.Or(-cmp.Compare(a.count, b.count), cmp.Compare(a.class(), b.class()))
	})
	var breaches []result.Breach
	for _, l := range losses {
		breaches = append(breaches, result.Breach{
			Invariant: "no-lost-message", Class: l.class(), Verdict: result.Breached, Count: l.count, Of: x.nAccept,
			Summary:  fmt.Sprintf("%d of %d accepted messages were not there on reopening (accepted as %s)", l.count, x.nAccept, l.station),
			Evidence: x.tellReopen(l),
		})
	}
	return breaches
}

func (x *Index) tellReopen(l *loss) []string {
	s := x.newStory()
	op := x.op(l.example)
	s.title("one of %d: message %s", l.count, x.messageName(op.Msg))
	s.at(op.Ended, x.e.LaneName(op.Msg.Lane()), "was accepted as "+l.station)
	s.strike()
	if l.why.At != 0 {
		s.at(l.why.At, "server", fmt.Sprintf("last seen in %s: %s", cmp.Or(x.e.Text(l.why.Where), x.e.Text(l.why.Station)), x.e.Text(l.why.Cause)))
	}
	s.marks()
	s.drain()
	s.add("audit", x.auditWords())
	return s.lines()
}
