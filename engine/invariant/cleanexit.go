package invariant

import (
	"fmt"

	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/signals"
)

// cleanExit looks at the status of a program that stopped when it was asked to.
func cleanExit(x *Index, terms Terms) []result.Breach {
	end, ok := x.process(extern.ProcessEnded)
	if !ok || end.Clean || !x.struck || terms.Killed || end.At < x.strikeAt || len(x.programSurvives(terms)) > 0 {
		return nil
	}
	cause := fmt.Sprintf("status-%d", end.Status)
	if end.Signal != 0 {
		cause = signals.Name(end.Signal)
	}
	why := ""
	if end.Signal != 0 {
		why = fmt.Sprintf(": it died of the signal, which is not exit status %d of its own; a list of clean ends may name %s, too (exit:, --exit)", 128+end.Signal, signals.Name(end.Signal))
	}
	s := x.newStory()
	s.strike()
	s.at(end.At, fmt.Sprintf("pid %d", end.PID), EndOf(end))
	return []result.Breach{{
		Invariant: "clean-exit", Class: "clean-exit/program/" + cause, Verdict: result.Breached, Count: 1, Evidence: s.lines(),
		Summary: "the program " + EndOf(end) + ", which is not the end of a clean stop" + why,
	}}
}
