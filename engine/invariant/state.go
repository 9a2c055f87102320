package invariant

import (
	"fmt"
	"slices"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

// counters looks at the gauges after the drain. A drain that never ended has none, and what a client
// holds that is on its way will come back.
func counters(x *Index, terms Terms) []result.Breach {
	below := x.gauges("counters-return-to-zero", func(g ledger.Gauge) (string, bool) {
		return "below-zero", !g.Final && g.Bound == 0 && g.Value < 0
	}, "%s was %d%s: it counts what is there, and wraps where it has no sign")
	if !x.drained || terms.Killed || !x.atRest() {
		return below
	}
	return append(below, x.gauges("counters-return-to-zero", func(g ledger.Gauge) (string, bool) {
		return "left-over", g.Final && g.Bound == 0 && g.Value != 0
	}, "%s is %d%s after the drain, not 0")...)
}

func boundedQueues(x *Index, _ Terms) []result.Breach {
	return x.gauges("bounded-queue", func(g ledger.Gauge) (string, bool) {
		return "over-bound", g.Bound > 0 && g.Value > g.Bound
	}, "%s held %d%s, more than its bound")
}

// sizeOf says how many bytes were in what a gauge counts, where another gauge tells.
func (x *Index) sizeOf(gauge string) string {
	for _, g := range x.e.Gauges {
		if x.e.Text(g.Name) == gauge+ledger.BytesOf {
			return fmt.Sprintf(" (%.2f MiB)", float64(g.Value)/(1<<20))
		}
	}
	return ""
}

// processSize is the largest resident size of the trial's process, where it was measured.
func (x *Index) processSize() string {
	for _, g := range x.e.Gauges {
		if x.e.Text(g.Name) == ledger.MemoryGauge {
			return fmt.Sprintf("%.1f MiB", float64(g.Value)/(1<<20))
		}
	}
	return ""
}

func (x *Index) gauges(name string, bad func(ledger.Gauge) (string, bool), summary string) []result.Breach {
	var breaches []result.Breach
	for _, g := range x.e.Gauges {
		cause, isBad := bad(g)
		if !isBad {
			continue
		}
		gauge := x.e.Text(g.Name)
		class := name + "/" + plain(gauge) + "/" + cause
		if i := slices.IndexFunc(breaches, func(b result.Breach) bool { return b.Class == class }); i >= 0 {
			breaches[i].Count++
			continue
		}
		s := x.newStory()
		s.strike()
		s.drain()
		text := fmt.Sprint(g.Value)
		if g.Bound > 0 {
			text = fmt.Sprintf("%d%s; its bound is %d", g.Value, x.sizeOf(gauge), g.Bound)
		}
		s.at(g.At, gauge, text)
		if size := x.processSize(); g.Bound > 0 && size != "" {
			s.add("process", "took "+size+" at most")
		}
		breaches = append(breaches, result.Breach{
			Invariant: name, Class: class, Verdict: result.Breached, Count: 1,
			Summary: fmt.Sprintf(summary, gauge, g.Value, x.sizeOf(gauge)), Evidence: s.lines(),
		})
	}
	return breaches
}

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
			name := signalName(p.Signal)
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

// leaks finds tasks of the server that were parked or asleep after it said it had stopped. It accuses
// nobody while one of them runs, for how long that takes is the machine's doing too.
func leaks(x *Index, terms Terms) []result.Breach {
	if !x.drained || terms.Killed || !x.complete() || x.runsOn() {
		return nil
	}
	var breaches []result.Breach
	seen := map[string]int{}
	for _, t := range x.e.Tasks {
		if !t.Target || !t.AfterDrain {
			continue
		}
		class := "no-leak/" + plain(x.e.Text(t.Name)) + "/" + x.cause(t)
		if i, ok := seen[class]; ok {
			breaches[i].Count++
			breaches[i].Summary = fmt.Sprintf("%d tasks of the server outlived its stop", breaches[i].Count)
			continue
		}
		seen[class] = len(breaches)
		s := x.newStory()
		s.strike()
		s.drain()
		s.add(x.e.Text(t.Name), "still "+x.waits(t))
		breaches = append(breaches, result.Breach{
			Invariant: "no-leak", Class: class, Verdict: result.Breached, Count: 1,
			Summary: "a task of the server outlived its stop", Evidence: s.lines(),
		})
	}
	return breaches
}
