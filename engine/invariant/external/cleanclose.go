package external

import (
	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

// CleanClose looks at WebSockets and streams without an end that were open when the signal struck: a client that is told goes elsewhere, one
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
	cut := breach.Group[ledger.Wire]{Class: "clean-close/stream/cut"}
	for _, w := range p.e.Wires {
		if p.riskOf(w) == riskStream {
			cut.Of++
			if lostAt(riskStream, w) {
				cut.Add(w)
			}
		}
	}
	p.reportWire(r, &dropped, "open WebSockets ended without a close frame (1006); 1001 tells a client that the server goes away")
	p.reportWire(r, &cut, "open streams were cut, without the end that tells a client that the server goes away")
}
