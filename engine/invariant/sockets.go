package invariant

import (
	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

// reportSockets reports lasting connections that went wrong, once a load group.
func (x *Index) reportSockets(r *breach.Report, invariant, cause string, wrong func(w ledger.Wire) bool, what string) {
	var groups breach.Groups[ledger.Wire]
	for _, w := range x.e.Wires {
		if w.Msg != 0 {
			continue
		}
		g := groups.Class(invariant + "/" + x.e.Lanes[w.Lane].Group + "/" + cause)
		g.Of++
		if wrong(w) {
			g.Add(w)
		}
	}
	for g := range groups.Found() {
		who := x.e.LaneName(g.Example.Lane)
		r.Add(g.Class, g.N, g.Of, "lasting connections: each "+what,
			r.Story("one of %d: the connection of %s", g.N, who).Marks().At(g.Example.Ended, who, what).Drain())
	}
}
