package invariant

import (
	"fmt"
	"slices"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/signals"
)

// Programs from outside are judged by what crossed their sockets. A request counts as read only where the
// look at the server's side of its connection shows it; what is not proved is counted and accuses nobody.

// outside says whether the evidence is of a program from outside.
func (x *Index) outside() bool { return len(x.e.Processes) > 0 }

// process returns the first record of an event, false when there is none.
func (x *Index) process(event extern.ProcessEvent) (ledger.Process, bool) {
	i := slices.IndexFunc(x.e.Processes, func(p ledger.Process) bool { return p.Event == event })
	if i < 0 {
		return ledger.Process{}, false
	}
	return x.e.Processes[i], true
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

// leftWords says what a program left behind.
func (x *Index) leftWords() string {
	n := 0
	for _, p := range x.e.Processes {
		if p.Event == extern.ProcessLeft {
			n++
		}
	}
	if n == 0 {
		return "; nothing left behind"
	}
	return "; " + counted(int64(n), "process of it was left running", "processes of it were left running")
}

// hungProgram accuses a program of not having ended within its limit, where its supervisor would kill it.
func (x *Index) hungProgram(terms Terms) []result.Breach {
	killed, ok := x.process(extern.ProcessKilled)
	if !ok {
		return nil
	}
	cause, words := x.whyAlive(killed.At)
	if ignored := x.e.Text(killed.Text); ignored != "" {
		words += "; " + ignored
	}
	s := x.newStory()
	s.strike()
	s.add(fmt.Sprintf("pid %d", killed.PID), words)
	return []result.Breach{{
		Invariant: "drain-ends", Class: "drain-ends/program/" + cause, Verdict: result.Hung, Count: 1, Evidence: s.lines(),
		Summary: fmt.Sprintf("the program was still running %s after the signal: %s", terms.DrainLimit, words),
	}}
}

// whyAlive says what a program that did not end was seen doing until it was given up.
func (x *Index) whyAlive(until time.Duration) (cause, words string) {
	if _, ok := x.process(extern.ProcessListens); ok {
		return "still-accepts", "it accepted new connections to the end, as if nobody had signalled it"
	}
	refused, answered := forEver, time.Duration(0)
	for _, ops := range x.e.Ops {
		for i := range ops {
			switch op := &ops[i]; {
			case op.Began > x.strikeAt && op.Outcome == ledger.Refused && op.Cause == ledger.Closed:
				refused = min(refused, op.Began)
			case op.Outcome == ledger.Accepted:
				answered = max(answered, op.Began)
			}
		}
	}
	switch {
	case answered > refused:
		return "keeps-serving", "it refused new connections and went on serving those that clients kept alive"
	case answered-x.strikeAt > (until-x.strikeAt)/2: // not what was under way
		return "keeps-serving", "it went on serving the connections that clients kept alive"
	}
	for _, w := range x.e.Wires {
		if session(w) && w.End == extern.WireOpen {
			return x.e.Lanes[w.Lane].Op + "-open", "connections of " + x.e.Lanes[w.Lane].Group + " were still open, and it waited for them"
		}
	}
	for _, l := range x.e.Lanes {
		if l.Op == "tcp-silent" {
			return "stuck", "it served nobody; it may have waited for the connections of " + l.Group + ", which never say a word"
		}
	}
	return "stuck", "it served nobody, and nothing that a client can see was left to do"
}

// programSurvives judges how the program itself ended, once it was ready.
func (x *Index) programSurvives(terms Terms) []result.Breach {
	end, ended := x.process(extern.ProcessEnded)
	said, panicked := x.process(extern.ProcessPanicked)
	if !ended {
		return nil
	}
	s := x.newStory()
	s.strike()
	switch {
	case panicked && (!end.Clean || end.Signal != 0):
		s.at(said.At, fmt.Sprintf("pid %d", said.PID), "printed: "+x.e.Text(said.Text))
		s.at(end.At, fmt.Sprintf("pid %d", end.PID), EndOf(end))
		return []result.Breach{crash("process-survives/program/panic", "the program "+EndOf(end)+" and printed: "+x.e.Text(said.Text), s)}
	case end.Signal != 0 && !slices.Contains(terms.Signals, end.Signal):
		s.at(end.At, fmt.Sprintf("pid %d", end.PID), EndOf(end))
		words := "the program was ended by " + signals.Name(end.Signal) + ", which racebench did not send"
		if end.Signal == sigkill {
			words += ": it sent that to itself, or the system did, as it does when memory runs out"
		}
		return []result.Breach{crash("process-survives/program/"+signals.Name(end.Signal), words, s)}
	}
	return nil
}
