package invariant

import (
	"time"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
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

func (o *oddities) report(x *Index, r *breach.Report, class, one, several string, tell func(oddity) string) {
	if o.n == 0 {
		return
	}
	s := r.Story("one of %d: message %s", o.n, r.Message(o.first.msg))
	if op, ok := x.e.Op(o.first.msg); ok && op.Outcome == ledger.Accepted {
		s.Before(op.Ended, r.Sender(o.first.msg), "send returned OK: accepted here")
	}
	r.Add(class, o.n, 0, breach.Counted(o.n, one, several), s.At(o.first.at, x.e.LaneName(o.first.lane), tell(o.first)))
}
