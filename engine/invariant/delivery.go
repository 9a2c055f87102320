package invariant

import (
	"fmt"

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

func duplicates(x *Index, _ Terms) []result.Breach {
	return x.oddBreach(x.repeats, "no-duplicate/subscriber/seen-twice",
		"delivery was of a message that the subscriber had seen", "deliveries were of messages that the subscriber had seen",
		func(o oddity) string { return fmt.Sprintf("saw %s again", x.messageName(o.msg)) })
}

func disorder(x *Index, terms Terms) []result.Breach {
	return append(logDisorder(x, terms), x.oddBreach(x.swaps, "in-order/subscriber/overtaken",
		"message was delivered after a later one of its sender", "messages were delivered after later ones of their senders",
		func(o oddity) string {
			return fmt.Sprintf("saw %s after %s", x.messageName(o.msg), x.messageName(o.before))
		})...)
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
