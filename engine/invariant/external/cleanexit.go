package external

import (
	"fmt"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/signals"
)

// CleanExit looks at the status of a program that stopped when it was asked to.
func CleanExit(p *Program, r *breach.Report) {
	end, ok := p.process(extern.ProcessEnded)
	if !ok || end.Clean || !p.struck || r.Killed || end.At < p.strikeAt {
		return
	}
	if _, crashed := p.crash(r.Terms); crashed != "" {
		return
	}
	cause, why := fmt.Sprintf("status-%d", end.Status), ""
	if end.Signal != 0 {
		cause = signals.Name(end.Signal)
		why = fmt.Sprintf(": it died of the signal, which is not exit status %d of its own; a list of clean ends may name %s, too (exit:, --exit)", 128+end.Signal, cause)
	}
	r.Add("clean-exit/program/"+cause, 1, 0, "the program "+EndOf(end)+", which is not the end of a clean stop"+why, p.storyOfEnd(r, end))
}
