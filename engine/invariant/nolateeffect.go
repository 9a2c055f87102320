package invariant

import (
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

// lateEffects finds calls that timed out and took effect after their caller was told. A timeout promises
// nothing, so it is no ghost; it is counted apart. What the server's own deadline gave up on, and
// counted, is accounted for.
func lateEffects(x *Index, _ Terms) []result.Breach {
	var n int64
	var example ledger.Delivery
	var lane int
	for l, deliveries := range x.e.Deliveries {
		for _, d := range deliveries {
			op, ok := x.e.Op(d.Msg)
			if !ok || op.Outcome == ledger.Accepted || op.Cause != ledger.Timeout || d.At <= op.Ended || x.gaveUpOn(op) {
				continue
			}
			if n++; n == 1 {
				example, lane = d, l
			}
		}
	}
	if n == 0 {
		return nil
	}
	op, _ := x.e.Op(example.Msg)
	s := x.newStory()
	s.title("one of %d: message %s", n, x.messageName(example.Msg))
	s.at(op.Began, x.e.LaneName(op.Msg.Lane()), "called")
	s.at(op.Ended, x.e.LaneName(op.Msg.Lane()), "gave up: timeout")
	s.at(example.At, x.e.LaneName(lane), "its handler returned all the same")
	s.strike()
	return []result.Breach{{
		Invariant: "no-late-effect", Class: "no-late-effect/subscriber/after-a-timeout", Verdict: result.Breached, Count: n,
		Summary: counted(n, "call", "calls") + " that had timed out took effect", Evidence: s.lines(),
	}}
}
