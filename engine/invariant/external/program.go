// Package external judges external programs, by what crossed their sockets and how their processes ended. A request
// counts as read only where the look at the server's side of its connection shows it; what is not proved is
// counted and not reported as a breach.
package external

import (
	"fmt"
	"slices"
	"time"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/signals"
)

// A Program is what a trial of an external program left behind.
type Program struct {
	e        *ledger.Evidence
	strikeAt time.Duration // when the first signal was sent
	struck   bool
}

// Of returns the program that evidence is of; nil where it is of a server inside racebench.
func Of(e *ledger.Evidence) *Program {
	if len(e.Processes) == 0 {
		return nil
	}
	return newProgram(e)
}

func newProgram(e *ledger.Evidence) *Program {
	strike, struck := e.Strike()
	return &Program{e, strike.At, struck}
}

// process returns the first record of an event, false when there is none.
func (p *Program) process(event extern.ProcessEvent) (ledger.Process, bool) {
	i := slices.IndexFunc(p.e.Processes, func(one ledger.Process) bool { return one.Event == event })
	if i < 0 {
		return ledger.Process{}, false
	}
	return p.e.Processes[i], true
}

// EndOf says how a program ended.
func EndOf(p ledger.Process) string {
	if p.Signal != 0 {
		return "ended by " + signals.Name(p.Signal)
	}
	if p.Status == extern.StatusUnknown {
		return "ended; only its parent knows with what status"
	}
	return fmt.Sprintf("exited with status %d", p.Status)
}

// Deserted says which service beside the program ended by itself, and how; "" where none did.
func Deserted(e *ledger.Evidence) string {
	if p, ok := newProgram(e).process(extern.ProcessDeserted); ok {
		return e.Text(p.Text)
	}
	return ""
}

// isReady says whether the program had started.
func (p *Program) isReady() bool {
	_, ok := p.process(extern.ProcessReady)
	return ok
}

// lived is how long the program ran once it was ready.
func (p *Program) lived(end ledger.Process) string {
	ready, _ := p.process(extern.ProcessReady)
	return fmt.Sprintf("%.1f s", (end.At - ready.At).Seconds())
}

// tellWords quotes what the program printed in its stop: what names no client, and what is about the one at port.
func (p *Program) tellWords(s *breach.Story, port int) {
	for _, said := range p.e.Processes {
		if said.Event == extern.ProcessSaid && (said.Count == 0 || said.Count == int64(port)) {
			s.At(said.At, pid(said), "printed: "+p.e.Text(said.Text))
		}
	}
}

// pid names a process in a story.
func pid(p ledger.Process) string { return fmt.Sprintf("pid %d", p.PID) }

// storyOfEnd tells how the program ended.
func (p *Program) storyOfEnd(r *breach.Report, end ledger.Process) *breach.Story {
	s := r.Story("")
	p.tellWords(s, 0)
	return s.At(end.At, pid(end), EndOf(end))
}

// left are the processes that the program left behind.
func (p *Program) left() []ledger.Process {
	return slices.DeleteFunc(slices.Clone(p.e.Processes), func(one ledger.Process) bool { return one.Event != extern.ProcessLeft })
}

// leftWords says what a program left behind.
func (p *Program) leftWords() string {
	n := len(p.left())
	if n == 0 {
		return "; nothing left behind"
	}
	return "; " + breach.Counted(int64(n), "process of it was left running", "processes of it were left running")
}
