package external

import (
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
	name := signals.Name(end.Signal)
	switch {
	case cause == "":
	case cause == panicked:
		said, _ := p.process(extern.ProcessPanicked)
		printed := "printed: " + p.e.Text(said.Text)
		r.Crash("process-survives/program/panic", 1, "the program "+EndOf(end)+" and "+printed,
			r.Story("").At(said.At, pid(said), printed).At(end.At, pid(end), EndOf(end)))
	default:
		words := "the program was ended by " + name + ", which racebench did not send"
		if end.Signal == int(syscall.SIGKILL) {
			words += ": it sent that to itself, or the system did, as it does when memory runs out"
		}
		r.Crash("process-survives/program/"+cause, 1, words, p.storyOfEnd(r, end))
	}
}

// panicked is the cause of a crash that the program told of itself.
const panicked = "panic"

// crash says how the program ended and why that is a crash; "" where it is none.
func (p *Program) crash(terms breach.Terms) (end ledger.Process, cause string) {
	end, ended := p.process(extern.ProcessEnded)
	_, said := p.process(extern.ProcessPanicked)
	switch {
	case !ended:
	case said && (!end.Clean || end.Signal != 0):
		return end, panicked
	case end.Signal != 0 && !slices.Contains(terms.Signals, end.Signal):
		return end, signals.Name(end.Signal)
	}
	return end, ""
}
