package invariant

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

// A loss is an accepted message that was not delivered.
type loss struct {
	at      place
	missing []int // lanes that it did not reach
	why     ledger.Discard
	known   bool // why is set
}

// lossJudged says whether what did not arrive is lost. Only a drain that ended says so: while a server
// hangs, what it holds is not lost yet, and the hang is the breach. A killed process promised nothing
// that memory holds, and where the record is not complete there may have been a delivery.
func (x *Index) lossJudged(terms breach.Terms) bool {
	return x.drained && !terms.Killed && x.complete()
}

// newLosses asks for messages that a subscriber was owed to the end. One that left of its own will is owed
// nothing for certain. One that the overflow policy stopped is owed nothing either, unless it was the
// drain that made it overflow; and what the policy skipped before the drain is not lost.
func (x *Index) newLosses(terms *breach.Terms) *owing {
	o := x.newOwing(
		func(s ledger.Subscription) bool { return s.Until == 0 || s.Policy && s.Draining },
		func(d ledger.Discard) bool { return d.Policy && !d.Draining },
	)
	o.clears = func(d ledger.Discard) bool { return x.doubts(d, terms) == "" }
	return o
}

// noLostMessage reports once a class; a message that several subscribers lack counts once.
func noLostMessage(x *Index, r *breach.Report) {
	if len(x.returned) > 0 && x.lossJudged(r.Terms) {
		x.backTwice(r)
	}
	if x.e.Audit != nil {
		x.lostOnReopen(r)
		return
	}
	if !x.lossJudged(r.Terms) {
		return
	}
	var losses breach.Groups[loss]
	o := x.newLosses(&r.Terms)
	for lane, ops := range x.e.Ops {
		for i := range ops {
			op := &ops[i]
			if op.Outcome != ledger.Accepted {
				continue
			}
			if missing := o.unseen(op, lane, x.base[lane]+i); missing != nil {
				x.blame(&losses, &r.Terms, place{int32(lane), int32(i)}, missing, o.discards.at(op.Msg), o.returned.at(op.Msg))
			}
		}
	}
	slices.SortStableFunc(losses, mostFirst)
	for g := range losses.Found() {
		r.Add(g.Class, g.N, x.nAccept, "accepted messages lost", x.lossStory(r, g))
	}
}

// mostFirst is the order of classes of lost messages.
func mostFirst(a, b *breach.Group[loss]) int {
	return cmp.Or(-cmp.Compare(a.N, b.N), cmp.Compare(a.Class, b.Class))
}

// blame counts a message under the class of the first subscriber that lacks it and of which is known why.
func (x *Index) blame(losses *breach.Groups[loss], terms *breach.Terms, at place, missing []uint64, discards, returned []ledger.Discard) {
	this, cause := loss{at: at}, ""
	members(missing, func(n int) {
		if this.known {
			return
		}
		if this.why, this.known = about(returned, x.subscribers[n].lane); this.known {
			cause = x.doubts(this.why, terms)
		} else if this.why, this.known = about(discards, x.subscribers[n].lane); this.known {
			cause = x.e.Text(this.why.Cause)
		}
	})
	class := "no-lost-message/unknown/never-seen"
	if this.known {
		class = "no-lost-message/" + x.e.Text(this.why.Station) + "/" + cause
	}
	g := losses.Class(class)
	if g.N == 0 {
		members(missing, func(n int) { this.missing = append(this.missing, x.subscribers[n].lane) })
	}
	g.Add(this)
}

// lossStory is the story of one lost message.
func (x *Index) lossStory(r *breach.Report, g *breach.Group[loss]) *breach.Story {
	l, op := g.Example, x.op(g.Example.at)
	s := r.Story("one of %d: message %s", g.N, r.Message(op.Msg)).
		Before(op.Ended, r.Sender(op.Msg), "send returned OK: accepted here")
	if l.known {
		x.lastSeen(s, l.why)
	}
	return s.Marks().Drain().Add("audit", x.reach(r, op, l.missing))
}

// lastSeen tells where the server had a message last.
func (x *Index) lastSeen(s *breach.Story, d ledger.Discard) {
	s.At(d.At, "server", fmt.Sprintf("last seen in %s: %s", cmp.Or(x.e.Text(d.Where), x.e.Text(d.Station)), x.e.Text(d.Cause)))
}

// reach compares the lost message with the one before it.
func (x *Index) reach(r *breach.Report, op *ledger.Op, missing []int) string {
	owed := x.audience(r, op)
	text := fmt.Sprintf("%s reached %s", r.Message(op.Msg), ofAll(owed-len(missing), owed))
	if len(missing) < owed {
		text += ", not " + x.e.LaneName(missing[0])
	}
	before, ok := x.e.Op(ledger.NewMsgID(op.Msg.Lane(), op.Msg.Seq()-1))
	if !ok || before.Outcome != ledger.Accepted {
		return text
	}
	reached := count(x.row(x.number(before.Msg)))
	return text + fmt.Sprintf("; #%d before it reached %s", before.Msg.Seq(), ofAll(reached, max(reached, x.audience(r, &before))))
}

// audience is how many subscribers a message was owed to.
func (x *Index) audience(r *breach.Report, op *ledger.Op) int {
	o, n := x.newLosses(&r.Terms), 0
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

// lostOnReopen reports once a class of message and a reason.
func (x *Index) lostOnReopen(r *breach.Report) {
	if !x.reopenJudged() {
		return
	}
	p := x.newPromise(r.Terms)
	var losses breach.Groups[loss]
	discards, returned := cursor{list: x.discards}, cursor{list: x.returned}
	for lane, ops := range x.e.Ops {
		for i := range ops {
			op := &ops[i]
			if op.Outcome != ledger.Accepted || !x.audited(op) || x.recovered(x.base[lane]+i) {
				continue
			}
			cause := p.breaks(op)
			back := returned.at(op.Msg)
			if cause == "" || x.cleared(back, &r.Terms) {
				continue
			}
			this := loss{at: place{int32(lane), int32(i)}}
			if len(back) > 0 {
				this.why = back[0]
				cause = breach.Plain(x.e.Text(this.why.Station) + "-" + x.doubts(this.why, &r.Terms))
			} else if records := discards.at(op.Msg); len(records) > 0 {
				this.why = records[0]
				cause = breach.Plain(x.e.Text(this.why.Station) + "-" + x.e.Text(this.why.Cause))
			}
			losses.Add("no-lost-message/"+x.classOf(op)+"/"+cause, this)
		}
	}
	slices.SortStableFunc(losses, mostFirst)
	for g := range losses.Found() {
		op := x.op(g.Example.at)
		s := r.Story("one of %d: message %s", g.N, r.Message(op.Msg)).Before(op.Ended, r.Sender(op.Msg), "was accepted as "+x.classOf(op))
		if why := g.Example.why; why.At != 0 {
			x.lastSeen(s, why)
		}
		r.Add(g.Class, g.N, x.nAccept, fmt.Sprintf("accepted messages were not there on reopening (accepted as %s)", x.classOf(op)),
			s.Marks().Drain().Add("audit", x.auditWords()))
	}
}
