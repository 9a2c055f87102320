package invariant

import (
	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

// noGhost finds messages that were refused and seen all the same. A call that timed out may have been
// stored: it is unknown, whatever the server called it, unless the server claims that what it refuses has no effect.
func noGhost(x *Index, r *breach.Report) {
	var seen breach.Groups[*ledger.Op]
	_, claimed := x.claim(ledger.ClaimNoEffect)
	for _, p := range x.refused {
		op := x.op(p)
		switch {
		case !x.seenByAny(x.base[p.lane] + int(p.i)):
		case op.Cause != ledger.Timeout:
			seen.Add("no-ghost/subscriber/refused-and-delivered", op)
		case claimed:
			seen.Add("no-ghost/subscriber/timed-out-and-delivered", op)
		}
	}
	for g := range seen.Found() {
		op := g.Example
		s := r.Story("one of %d: message %s", g.N, r.Message(op.Msg)).
			Before(op.Ended, r.Sender(op.Msg), "send was refused: "+breach.Cause(op.Cause))
		for lane, deliveries := range x.e.Deliveries {
			for _, d := range deliveries {
				if d.Msg == op.Msg && s.Room() {
					s.At(d.At, x.e.LaneName(lane), "its handler returned all the same")
				}
			}
		}
		r.Add(g.Class, g.N, 0, breach.Counted(g.N, "refused message was delivered", "refused messages were delivered"), s)
	}
}
