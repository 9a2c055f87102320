package invariant

import (
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

// An oddity is a delivery that should not be.
type oddity struct {
	lane        int
	msg, before ledger.MsgID
	at          time.Duration
}

// oddities count deliveries that should not be, and keep the first for a story.
type oddities struct {
	n     int64
	first oddity
}

func (o *oddities) add(lane int, d ledger.Delivery, before ledger.MsgID) {
	if o.n++; o.n == 1 {
		o.first = oddity{lane: lane, msg: d.Msg, before: before, at: d.At}
	}
}

func (x *Index) oddBreach(odd oddities, class, one, several string, tell func(oddity) string) []result.Breach {
	if odd.n == 0 {
		return nil
	}
	s := x.newStory()
	s.title("one of %d: message %s", odd.n, x.messageName(odd.first.msg))
	if op, ok := x.e.Op(odd.first.msg); ok && op.Outcome == ledger.Accepted {
		s.at(op.Ended, x.e.LaneName(odd.first.msg.Lane()), "send returned OK: accepted here")
	}
	s.strike()
	s.at(odd.first.at, x.e.LaneName(odd.first.lane), tell(odd.first))
	return []result.Breach{{
		Invariant: invariantOf(class), Class: class, Verdict: result.Breached, Count: odd.n,
		Summary: counted(odd.n, one, several), Evidence: s.lines(),
	}}
}
