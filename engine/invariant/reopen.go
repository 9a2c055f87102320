package invariant

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

// Where a trial ends with a reopen, messages are owed to whoever reopens: the audit's lane. What was
// accepted as durable is owed whatever ended the process. What was accepted before it was durable is owed
// by a stop that the server itself brought to an end; of a crash it may be the tail, and nothing but
// the tail.

// Classes of accepted messages, as stations of a loss.
const (
	durable     = "durable"
	unconfirmed = "unconfirmed"
)

// A promise says what the end of the server's process leaves of what it had accepted.
type promise struct {
	x *Index
	// all says that everything accepted is owed: the server stopped by itself, or its own code ended the
	// process although nobody had killed it.
	all bool
	// follower is the latest begin of an operation that was recovered: what had been accepted before that
	// one began stands before it in the log, or there is a hole.
	follower time.Duration
}

func (x *Index) newPromise(terms Terms) promise {
	p := promise{x: x, all: x.drained || !terms.Killed && x.endedItself()}
	for lane, ops := range x.e.Ops {
		for i := range ops {
			if ops[i].Began > p.follower && x.recovered(x.base[lane]+i) {
				p.follower = ops[i].Began
			}
		}
	}
	return p
}

// endedItself says whether the server's code ended its process.
func (x *Index) endedItself() bool {
	return slices.ContainsFunc(x.e.Phases, func(p ledger.Phase) bool {
		return p.Index == 0 && p.Ended && !p.Limit && p.Signal == 0 && p.Status != 0
	})
}

// recovered says whether the audit found message number n.
func (x *Index) recovered(n int) bool {
	k := x.subscriber[x.e.Audit.Lane]
	return k >= 0 && x.row(n)[k/64]&(1<<(k%64)) != 0
}

// classOf is the class of a message.
func (x *Index) classOf(op *ledger.Op) string {
	if op.Topic < topicsMax && x.e.Audit.Unconfirmed&(1<<op.Topic) != 0 {
		return unconfirmed
	}
	return durable
}

// audited says whether a message is of a kind that is to be found again.
func (x *Index) audited(op *ledger.Op) bool {
	k := x.subscriber[x.e.Audit.Lane]
	return k >= 0 && op.Topic < topicsMax && x.subscribers[k].spans[0].Topics&(1<<op.Topic) != 0
}

// breaks says why the loss of an accepted message breaks its promise; empty when it does not.
func (p promise) breaks(op *ledger.Op) string {
	switch {
	case p.x.classOf(op) == durable:
		return "never-recovered"
	case op.Ended < p.follower && !p.all:
		return "hole"
	case p.all:
		return "never-recovered"
	}
	return ""
}

// reopenJudged says whether the audit tells everything that there is.
func (x *Index) reopenJudged() bool {
	return x.e.Cut == "" && !x.e.Full && !slices.ContainsFunc(x.e.Phases, func(p ledger.Phase) bool { return p.Limit })
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

// auditWords says what the reopen has found.
func (x *Index) auditWords() string {
	a := x.e.Audit
	n := len(x.deliveries(a.Lane))
	text := counted(int64(n), "message was recovered", "messages were recovered")
	if a.Torn > 0 {
		text += fmt.Sprintf("; %d bytes after them are no record", a.Torn)
	}
	if why := x.e.Text(a.Error); why != "" {
		text += "; then: " + why
	}
	return text
}

// logDisorder judges the recovered log as a whole. Torn bytes at its end are what a crash may leave; whole
// records behind them, after a stop that ended by itself, are not, nor is a record out of its place.
func logDisorder(x *Index, terms Terms) []result.Breach {
	a := x.e.Audit
	if a == nil || !x.reopenJudged() {
		return nil
	}
	var breaches []result.Breach
	accuse := func(cause, summary string, n int64) {
		s := x.newStory()
		s.strike()
		s.marks()
		s.drain()
		s.add("audit", x.auditWords())
		breaches = append(breaches, result.Breach{
			Invariant: "in-order", Class: "in-order/log/" + cause, Verdict: result.Breached, Count: n, Summary: summary, Evidence: s.lines(),
		})
	}
	if a.Gaps > 0 {
		accuse("gap", counted(int64(a.Gaps), "record does", "records do")+" not follow the one before it in the log", int64(a.Gaps))
	}
	if a.Beyond > 0 && x.drained && !terms.Killed {
		accuse("records-after-a-tear", counted(a.Beyond, "whole record stands", "whole records stand")+
			" after bytes that are none, where nobody will find them", a.Beyond)
	}
	return breaches
}

// reopenRisk is what was at risk of a trial that ends with a reopen: messages that had been accepted when
// the first signal struck, and calls under way.
func (x *Index) reopenRisk(terms Terms) []result.Risk {
	stored := result.Risk{Kind: "stored"}
	calls := result.Risk{Kind: "call-in-flight", Count: x.openCall}
	p, judged, returned := x.newPromise(terms), x.reopenJudged(), cursor{list: x.returned}
	for lane, ops := range x.e.Ops {
		for i := range ops {
			op := &ops[i]
			if op.Outcome != ledger.Accepted || op.Began > x.strikeAt || !x.audited(op) {
				continue
			}
			lost := judged && !x.recovered(x.base[lane]+i) && p.breaks(op) != "" && len(returned.at(op.Msg)) == 0
			if op.Ended <= x.strikeAt {
				stored.Count++
				stored.Lost += tally(lost)
			} else {
				calls.Lost += tally(lost)
			}
		}
	}
	return []result.Risk{stored, calls}
}

func tally(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}
