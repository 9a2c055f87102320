package invariant

import (
	"fmt"
	"slices"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/result"
)

// cleanClose looks at sessions that were open when the signal struck: a client that is told goes elsewhere,
// one whose connection just ends must guess.
func cleanClose(x *Index, terms Terms) []result.Breach {
	if !x.struck || terms.Killed {
		return nil
	}
	if !x.outside() {
		return x.cutSockets()
	}
	var lost []ledger.Wire
	var of int64
	for _, w := range x.e.Wires {
		if x.riskOf(w) != riskSession || x.e.Lanes[w.Lane].Op != "websocket" {
			continue
		}
		of++
		if lostAt(riskSession, w) {
			lost = append(lost, w)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	n := int64(len(lost))
	return []result.Breach{{
		Invariant: "clean-close", Class: "clean-close/websocket/1006", Verdict: result.Breached, Count: n, Of: of, Evidence: x.wireStory(terms, lost[0], n),
		Summary: fmt.Sprintf("%d of %d open WebSockets ended without a close frame (1006); 1001 tells a client that the server goes away", n, of),
	}}
}

// cutSockets accuses a server in this process of lasting connections that it dropped in its stop without a
// close code. One that the drain's deadline had to cut is excused, and so is one whose client did not keep
// up: there a code may have no room on the wire.
func (x *Index) cutSockets() []result.Breach {
	if x.e.Drain != nil && x.e.Drain.How == ledger.DrainDeadline {
		return nil
	}
	return x.socketBreaches("clean-close", "1006", func(w ledger.Wire) bool {
		return w.End == extern.WireEOF && w.Ended > x.strikeAt && !x.fellBehind(w.Lane)
	}, "ended without a close frame (1006)")
}

// fellBehind says whether the server stopped a lane's subscription, or gave messages of it back.
func (x *Index) fellBehind(lane int) bool {
	return slices.ContainsFunc(x.e.Subscriptions, func(s ledger.Subscription) bool { return s.Lane == lane && s.Policy }) ||
		slices.ContainsFunc(x.e.Returned, func(d ledger.Discard) bool { return d.Lane == lane })
}
