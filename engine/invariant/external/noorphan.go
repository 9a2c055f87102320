package external

import (
	"fmt"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger/extern"
)

// NoOrphan looks for processes of the program that outlived the one that got the signal.
func NoOrphan(p *Program, r *breach.Report) {
	end, ended := p.process(extern.ProcessEnded)
	left := p.left()
	if !ended || !p.struck || len(left) == 0 {
		return
	}
	s := p.storyOfEnd(r, end)
	for _, orphan := range left {
		if s.Room() {
			s.At(orphan.At, pid(orphan), "still there: "+p.e.Text(orphan.Text))
		}
	}
	n := int64(len(left))
	r.Add("no-orphan/program/left-running", n, 0, fmt.Sprintf("%s after %s, which got the signal, had ended",
		breach.Counted(n, "process was left running", "processes were left running"), pid(end)), s)
}
