package external

import (
	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

// PreopenedAnswered looks at connections that were accepted before the signal and carried their first request
// after it. An answer that was cut is a lost one, which EveryRequestAnswered reports.
func PreopenedAnswered(p *Program, r *breach.Report) {
	if !p.struck || r.Killed {
		return
	}
	var unanswered breach.Group[ledger.Wire]
	for _, w := range p.e.Wires {
		if p.riskOf(w) != riskOpened {
			continue
		}
		unanswered.Of++
		if w.End.Lost() {
			unanswered.Add(w)
		}
	}
	unanswered.Class = "preopened-answered/first-request/" + unanswered.Example.End.String()
	p.reportWire(r, &unanswered, "connections that were accepted before the signal got no answer to their first request after it")
}
