package invariant

import (
	"slices"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
)

// cleanClose finds lasting connections that a server inside racebench dropped in its stop without a close code.
// One that the drain's deadline had to cut is excused, and so is one whose client did not keep up: there a code
// may have no room on the wire.
func cleanClose(x *Index, r *breach.Report) {
	if !x.struck || r.Killed || x.gaveUp() {
		return
	}
	x.reportSockets(r, "clean-close", "1006", func(w ledger.Wire) bool {
		return w.End == extern.WireEOF && w.Ended > x.strikeAt && !x.fellBehind(w.Lane)
	}, "ended without a close frame (1006)")
}

// fellBehind says whether the server stopped a lane's subscription, or gave messages of it back.
func (x *Index) fellBehind(lane int) bool {
	return slices.ContainsFunc(x.e.Subscriptions, func(s ledger.Subscription) bool { return s.Lane == lane && s.Policy }) ||
		slices.ContainsFunc(x.e.Returned, func(d ledger.Discard) bool { return d.Lane == lane })
}
