package invariant

import (
	"fmt"

	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/result"
)

// noOrphan looks for processes of the program that outlived the one that got the signal.
func noOrphan(x *Index, _ Terms) []result.Breach {
	end, ended := x.process(extern.ProcessEnded)
	if !ended || !x.struck {
		return nil
	}
	var n int64
	s := x.newStory()
	s.strike()
	s.at(end.At, fmt.Sprintf("pid %d", end.PID), EndOf(end))
	for _, p := range x.e.Processes {
		if p.Event == extern.ProcessLeft {
			n++
			if s.room() {
				s.at(p.At, fmt.Sprintf("pid %d", p.PID), "still there: "+x.e.Text(p.Text))
			}
		}
	}
	if n == 0 {
		return nil
	}
	return []result.Breach{{
		Invariant: "no-orphan", Class: "no-orphan/program/left-running", Verdict: result.Breached, Count: n, Evidence: s.lines(),
		Summary: fmt.Sprintf("%s after pid %d, which got the signal, had ended", counted(n, "process was left running", "processes were left running"), end.PID),
	}}
}
