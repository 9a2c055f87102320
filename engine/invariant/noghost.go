package invariant

import (
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

// ghosts finds messages that were refused and seen all the same. A call that timed out may have been
// stored: it is unknown, whatever the server called it.
func ghosts(x *Index, _ Terms) []result.Breach {
	var n int64
	var example *ledger.Op
	for _, p := range x.refused {
		op := x.op(p)
		if op.Cause == ledger.Timeout || !x.seenByAny(x.base[p.lane]+int(p.i)) {
			continue
		}
		if n++; n == 1 {
			example = op
		}
	}
	if n == 0 {
		return nil
	}
	s := x.newStory()
	s.title("one of %d: message %s", n, x.messageName(example.Msg))
	s.at(example.Ended, x.e.LaneName(example.Msg.Lane()), "send was refused: "+causeName(example.Cause))
	s.strike()
	for lane, deliveries := range x.e.Deliveries {
		for _, d := range deliveries {
			if d.Msg == example.Msg && s.room() {
				s.at(d.At, x.e.LaneName(lane), "its handler returned all the same")
			}
		}
	}
	return []result.Breach{{
		Invariant: "no-ghost", Class: "no-ghost/subscriber/refused-and-delivered", Verdict: result.Breached, Count: n,
		Summary: counted(n, "refused message was delivered", "refused messages were delivered"), Evidence: s.lines(),
	}}
}
