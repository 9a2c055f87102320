package external

import (
	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

// CleanClose looks at WebSockets that were open when the signal struck: a client that is told goes elsewhere, one
// whose connection just ends must guess.
func CleanClose(p *Program, r *breach.Report) {
	if !p.struck || r.Killed {
		return
	}
	dropped := breach.Group[ledger.Wire]{Class: "clean-close/websocket/1006"}
	for _, w := range p.e.Wires {
		if p.riskOf(w) == riskSession && p.e.Lanes[w.Lane].Op == "websocket" {
			dropped.Of++
			if lostAt(riskSession, w) {
				dropped.Add(w)
			}
		}
	}
	p.reportWire(r, &dropped, "open WebSockets ended without a close frame (1006); 1001 tells a client that the server goes away")
}
