package external

import (
	"fmt"
	"slices"
	"syscall"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/signals"
)

// ProcessSurvives judges how the program itself ended, once it was ready.
func ProcessSurvives(p *Program, r *breach.Report) {
	end, cause := p.crash(r.Terms)
	if cause == "" {
		return
	}
	s := r.Story("")
	if ready, ok := p.process(extern.ProcessReady); ok && !p.struck {
		s.At(ready.At, pid(ready), "was ready")
	}
	words := "the program " + EndOf(end)
	switch said := p.printed(cause); {
	case said.Event != 0:
		words += " and printed: " + p.e.Text(said.Text)
		s.At(said.At, pid(said), "printed: "+p.e.Text(said.Text))
	case end.Signal != 0:
		p.tellWords(s, 0)
		words += ", which racebench did not send"
		if end.Signal == int(syscall.SIGKILL) {
			words += ": it sent that to itself, or the system did, as it does when memory runs out"
		}
	default:
		p.tellWords(s, 0)
	}
	if !p.struck {
		words += fmt.Sprintf(", %s after it was ready, although nobody had signalled it", p.lived(end))
	}
	r.Crash("process-survives/program/"+cause, 1, words, s.At(end.At, pid(end), EndOf(end)))
}

// Crashed says whether ProcessSurvives reports the program's end.
func (p *Program) Crashed(terms breach.Terms) bool {
	_, cause := p.crash(terms)
	return cause != ""
}

// Causes of a crash that the program told of itself, and of an end that nobody asked for.
const (
	panicked   = "panic"
	uncaught   = "uncaught-error"
	exitStatus = "exit-status"
)

// printed is what a program said of a crash of that cause.
func (p *Program) printed(cause string) ledger.Process {
	var said ledger.Process
	switch cause {
	case panicked:
		said, _ = p.process(extern.ProcessPanicked)
	case uncaught:
		said, _ = p.process(extern.ProcessUncaught)
	}
	return said
}

// crash says how the program ended and why that is a crash; "" where it is none. Who died of the signal that it was
// sent was asked to, whatever it had printed before.
func (p *Program) crash(terms breach.Terms) (end ledger.Process, cause string) {
	end, ended := p.process(extern.ProcessEnded)
	_, said := p.process(extern.ProcessPanicked)
	_, last := p.process(extern.ProcessUncaught)
	sent := end.Signal != 0 && slices.Contains(terms.Signals, end.Signal)
	switch {
	case !ended, sent:
	case said && (!end.Clean || end.Signal != 0):
		return end, panicked
	case end.Signal != 0:
		return end, signals.Name(end.Signal)
	case last && (!end.Clean || !p.struck):
		return end, uncaught
	case !p.struck && !end.Clean && p.isReady():
		return end, exitStatus
	}
	return end, ""
}
