package invariant

import (
	"fmt"
	"slices"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

// hungProgram accuses a program of not having ended within its limit, where its supervisor would kill it.
func (x *Index) hungProgram(terms Terms) []result.Breach {
	killed, ok := x.process(ledger.ProcessKilled)
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
	if _, ok := x.process(ledger.ProcessListens); ok {
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
		if session(w) && w.End == ledger.WireOpen {
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
	end, ended := x.process(ledger.ProcessEnded)
	said, panicked := x.process(ledger.ProcessPanicked)
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
		words := "the program was ended by " + signalName(end.Signal) + ", which racebench did not send"
		if end.Signal == sigkill {
			words += ": it sent that to itself, or the system did, as it does when memory runs out"
		}
		return []result.Breach{crash("process-survives/program/"+signalName(end.Signal), words, s)}
	}
	return nil
}

// cleanExit looks at the status of a program that stopped when it was asked to.
func cleanExit(x *Index, terms Terms) []result.Breach {
	end, ok := x.process(ledger.ProcessEnded)
	if !ok || end.Clean || !x.struck || terms.Killed || end.At < x.strikeAt || len(x.programSurvives(terms)) > 0 {
		return nil
	}
	cause := fmt.Sprintf("status-%d", end.Status)
	if end.Signal != 0 {
		cause = signalName(end.Signal)
	}
	why := ""
	if end.Signal != 0 {
		why = fmt.Sprintf(": it died of the signal, which is not exit status %d of its own; a list of clean ends may name %s, too (exit:, --exit)", 128+end.Signal, signalName(end.Signal))
	}
	s := x.newStory()
	s.strike()
	s.at(end.At, fmt.Sprintf("pid %d", end.PID), EndOf(end))
	return []result.Breach{{
		Invariant: "clean-exit", Class: "clean-exit/program/" + cause, Verdict: result.Breached, Count: 1, Evidence: s.lines(),
		Summary: "the program " + EndOf(end) + ", which is not the end of a clean stop" + why,
	}}
}

// cleanClose looks at sessions that were open when the signal struck: a client that is told goes elsewhere,
// one whose connection just ends must guess.
func cleanClose(x *Index, terms Terms) []result.Breach {
	if !x.struck || terms.Killed {
		return nil
	}
	if !x.outside() {
		return x.cutSockets()
	}
	var lost []ledger.Wire
	var of int64
	for _, w := range x.e.Wires {
		if x.riskOf(w) != riskSession || x.e.Lanes[w.Lane].Op != "websocket" {
			continue
		}
		of++
		if lostAt(riskSession, w) {
			lost = append(lost, w)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	n := int64(len(lost))
	return []result.Breach{{
		Invariant: "clean-close", Class: "clean-close/websocket/1006", Verdict: result.Breached, Count: n, Of: of, Evidence: x.wireStory(terms, lost[0], n),
		Summary: fmt.Sprintf("%d of %d open WebSockets ended without a close frame (1006); 1001 tells a client that the server goes away", n, of),
	}}
}

// listenerCloses looks whether the address still took connections when the program had stopped.
func listenerCloses(x *Index, _ Terms) []result.Breach {
	listens, ok := x.process(ledger.ProcessListens)
	end, ended := x.process(ledger.ProcessEnded)
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

// noOrphan looks for processes of the program that outlived the one that got the signal.
func noOrphan(x *Index, _ Terms) []result.Breach {
	end, ended := x.process(ledger.ProcessEnded)
	if !ended || !x.struck {
		return nil
	}
	var n int64
	s := x.newStory()
	s.strike()
	s.at(end.At, fmt.Sprintf("pid %d", end.PID), EndOf(end))
	for _, p := range x.e.Processes {
		if p.Event == ledger.ProcessLeft {
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

// ackedSurvives compares what was acknowledged with what the program gave back after a restart.
func ackedSurvives(x *Index, _ Terms) []result.Breach {
	audit, ok := x.process(ledger.ProcessAudited)
	if !ok {
		return nil
	}
	classes := map[string]*result.Breach{}
	var order []string
	for _, d := range x.notFound() {
		cause := x.e.Text(d.Cause)
		b := classes[cause]
		if b == nil {
			s := x.newStory()
			op, _ := x.e.Op(d.Msg)
			s.title("one of them: write %s", x.messageName(d.Msg))
			s.at(op.Ended, "server", "acknowledged it")
			s.strike()
			if end, ok := x.process(ledger.ProcessEnded); ok {
				s.at(end.At, fmt.Sprintf("pid %d", end.PID), EndOf(end))
			}
			s.at(d.At, "after restart", x.e.Text(d.Where))
			b = &result.Breach{
				Invariant: "acked-survives-restart", Class: "acked-survives-restart/store/" + cause, Verdict: result.Breached,
				Of: audit.Count, Evidence: s.lines(),
			}
			classes[cause] = b
			order = append(order, cause)
		}
		b.Count++
	}
	var breaches []result.Breach
	for _, cause := range order {
		b := classes[cause]
		b.Summary = fmt.Sprintf("%d of %d acknowledged writes were %s after the restart", b.Count, b.Of, cause)
		breaches = append(breaches, *b)
	}
	return breaches
}
