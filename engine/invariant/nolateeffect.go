package invariant

import (
	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

// noLateEffect finds calls that timed out and took effect after their caller was told. A timeout promises
// nothing, so it is no ghost; it is counted apart. What the server's own deadline gave up on, and
// counted, is accounted for.
func noLateEffect(x *Index, r *breach.Report) {
	type effect struct {
		op   ledger.Op
		at   ledger.Delivery
		lane int
	}
	var late breach.Groups[effect]
	for lane, deliveries := range x.e.Deliveries {
		for _, d := range deliveries {
			op, ok := x.e.Op(d.Msg)
			if ok && op.Outcome != ledger.Accepted && op.Cause == ledger.Timeout && d.At > op.Ended && !x.gaveUpOn(op) {
				late.Add("no-late-effect/subscriber/after-a-timeout", effect{op, d, lane})
			}
		}
	}
	for g := range late.Found() {
		op, d := g.Example.op, g.Example.at
		r.Add(g.Class, g.N, 0, breach.Counted(g.N, "call", "calls")+" that had timed out took effect",
			r.Story("one of %d: message %s", g.N, r.Message(d.Msg)).
				Before(op.Began, r.Sender(op.Msg), "called").
				Before(op.Ended, r.Sender(op.Msg), "gave up: timeout").
				Before(d.At, x.e.LaneName(g.Example.lane), "its handler returned all the same"))
	}
}
