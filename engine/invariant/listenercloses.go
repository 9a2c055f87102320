package invariant

import (
	"fmt"

	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/result"
)

// listenerCloses looks whether the address still took connections when the program had stopped.
func listenerCloses(x *Index, _ Terms) []result.Breach {
	listens, ok := x.process(extern.ProcessListens)
	end, ended := x.process(extern.ProcessEnded)
	if !ok || !ended || !x.struck {
		return nil
	}
	s := x.newStory()
	s.strike()
	s.at(end.At, fmt.Sprintf("pid %d", end.PID), EndOf(end)+x.leftWords())
	s.at(listens.At, "address", "took a new connection")
	return []result.Breach{{
		Invariant: "listener-closes", Class: "listener-closes/address/still-accepts", Verdict: result.Breached, Count: 1, Evidence: s.lines(),
		Summary: fmt.Sprintf("pid %d, which got the signal, has ended, and the address still accepts connections", end.PID),
	}}
}
