package invariant

import (
	"fmt"
	"slices"
	"syscall"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/signals"
)

// goTraceback is the status with which a Go program ends on SIGQUIT and SIGABRT: its own default.
const goTraceback = 2

// asksForTraceback says whether a Go program without a handler answers a signal with its stacks.
func asksForTraceback(signal int) bool {
	return signal == int(syscall.SIGQUIT) || signal == int(syscall.SIGABRT)
}

// processSurvives judges how the server's process and its tasks ended. Dying of a signal that was sent
// is asked for; what a child does past the parent's limit is the parent's doing.
func processSurvives(x *Index, r *breach.Report) {
	var panics breach.Groups[ledger.Panic]
	for _, p := range x.e.Panics {
		if p.Target {
			panics.Add("process-survives/"+breach.Plain(x.e.Text(p.Task))+"/panic", p)
		}
	}
	for g := range panics.Found() {
		task, value := x.e.Text(g.Example.Task), x.e.Text(g.Example.Value)
		r.Crash(g.Class, g.N, fmt.Sprintf("task %s panicked: %s", task, value), r.Story("").At(g.Example.At, task, "panicked: "+value))
	}
	for _, p := range x.e.Phases {
		if cause, summary, how := x.badEnd(p, r.Terms); cause != "" {
			r.Crash("process-survives/process/"+cause, 1, summary, r.Story("").Add("process", how))
		}
	}
}

// badEnd says why the end of a phase's process is a crash, in a summary and in a story; the cause is empty where it
// is none.
func (x *Index) badEnd(p ledger.Phase, terms breach.Terms) (cause, summary, how string) {
	const byExit = "exit-status"
	switch name := signals.Name(p.Signal); {
	case !p.Ended || p.Limit:
	case p.Signal != 0 && x.e.Full: // that it was sent may be what was dropped
	case p.Signal == int(syscall.SIGKILL) && !slices.Contains(terms.Signals, p.Signal): // the system's doing, or a person's
	case p.Status == goTraceback && slices.ContainsFunc(terms.Signals, asksForTraceback):
	case p.Signal != 0 && !slices.Contains(terms.Signals, p.Signal):
		return name, fmt.Sprintf("the process was ended by %s, which racebench did not send", name), "ended by " + name
	case p.Signal == 0 && x.e.Text(p.Name) == exited && x.ready() && x.e.Cut == "":
		return byExit, "the server's code ended the process with status 0 before the stop had come to its end", "ended with status 0"
	case p.Signal == 0 && p.Status != 0 && x.ready() && !x.panicked(): // a panic that ended the process is one crash
		return byExit, fmt.Sprintf("the process ended with status %d instead of stopping", p.Status), fmt.Sprintf("ended with status %d", p.Status)
	}
	return "", "", ""
}

// ready says whether the target had started. What a process does before that proves nothing of it.
func (x *Index) ready() bool {
	return slices.ContainsFunc(x.e.Phases, func(p ledger.Phase) bool { return p.Ready })
}

// stoppedUnasked reports a server that stopped before anybody had asked it to. The signal is recorded before it is
// sent, so an end before it is certain; beyond a cut it may be.
func stoppedUnasked(x *Index, r *breach.Report) {
	if x.program != nil && x.program.Crashed(r.Terms) {
		return // one fault is one class
	}
	if asked, known := x.asked(); x.drained && x.e.Cut == "" && (!known || x.e.Drain.Ended < asked) {
		r.Crash("process-survives/server/stopped-unasked", 1, "the server stopped although nobody had asked it to", r.Story("").Marks().Drain())
	}
}
