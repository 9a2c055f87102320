package invariant

import (
	"fmt"
	"slices"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/signals"
)

const (
	sigkill = 9
	// goTraceback is the status with which a Go program ends on SIGQUIT and SIGABRT: its own default.
	goTraceback = 2
)

func asksForTraceback(signal int) bool { return signal == 3 || signal == 6 }

// ready says whether the target had started. What a process does before that proves nothing of it.
func (x *Index) ready() bool {
	return slices.ContainsFunc(x.e.Phases, func(p ledger.Phase) bool { return p.Ready })
}

// processSurvives judges how the server's process and its tasks ended. Dying of a signal that was sent
// is asked for; what a child does past the parent's limit is the parent's doing.
func processSurvives(x *Index, terms Terms) []result.Breach {
	var breaches []result.Breach
	seen := map[string]int{}
	for _, p := range x.e.Panics {
		if !p.Target {
			continue
		}
		class := "process-survives/" + plain(x.e.Text(p.Task)) + "/panic"
		if i, ok := seen[class]; ok {
			breaches[i].Count++
			continue
		}
		seen[class] = len(breaches)
		s := x.newStory()
		s.strike()
		s.at(p.At, x.e.Text(p.Task), "panicked: "+x.e.Text(p.Value))
		breaches = append(breaches, crash(class, fmt.Sprintf("task %s panicked: %s", x.e.Text(p.Task), x.e.Text(p.Value)), s))
	}
	accuse := func(cause, summary, how string) {
		s := x.newStory()
		s.strike()
		s.add("process", how)
		breaches = append(breaches, crash("process-survives/process/"+cause, summary, s))
	}
	for _, p := range x.e.Phases {
		if !p.Ended || p.Limit {
			continue
		}
		switch {
		case p.Signal != 0 && x.e.Full: // that it was sent may be what was dropped
		case p.Signal == sigkill && !slices.Contains(terms.Signals, sigkill): // the system's doing, or a person's
		case p.Status == goTraceback && slices.ContainsFunc(terms.Signals, asksForTraceback):
		case p.Signal != 0 && !slices.Contains(terms.Signals, p.Signal):
			name := signals.Name(p.Signal)
			accuse(name, fmt.Sprintf("the process was ended by %s, which racebench did not send", name), "ended by "+name)
		case p.Signal == 0 && x.e.Text(p.Name) == exited && x.ready() && x.e.Cut == "":
			accuse("exit-status", "the server's code ended the process with status 0 before the stop had come to its end", "ended with status 0")
		case p.Signal == 0 && p.Status != 0 && x.ready() && !x.panicked(): // a panic that ended the process is one crash
			accuse("exit-status", fmt.Sprintf("the process ended with status %d instead of stopping", p.Status), fmt.Sprintf("ended with status %d", p.Status))
		}
	}
	breaches = append(breaches, x.programSurvives(terms)...)
	// The signal is recorded before it is sent, so an end before it is certain; beyond a cut it may be.
	if asked, known := x.asked(); x.drained && x.e.Cut == "" && (!known || x.e.Drain.Ended < asked) {
		s := x.newStory()
		s.strike()
		s.marks()
		s.drain()
		breaches = append(breaches, crash("process-survives/server/stopped-unasked", "the server stopped although nobody had asked it to", s))
	}
	return breaches
}

func crash(class, summary string, s *story) result.Breach {
	return result.Breach{
		Invariant: "process-survives", Class: class, Verdict: result.Crashed, Count: 1, Summary: summary, Evidence: s.lines(),
	}
}
