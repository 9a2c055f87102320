package invariant

import (
	"fmt"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

// An unanswered is a class of requests that got no whole answer, with one of them.
type unanswered struct {
	station, cause string
	count          int64
	example        ledger.Wire
}

// answered accuses a program of requests that it had read before the signal and did not answer, and of
// answers that it began and did not finish. What it was killed for is judged as a hang.
func answered(x *Index, terms Terms) []result.Breach {
	if !x.outside() || !x.struck || terms.Killed {
		return nil
	}
	var losses []*unanswered
	atRisk := map[string]int64{}
	for _, w := range x.e.Wires {
		kind := x.riskOf(w)
		if kind == riskSession || kind == riskOpened {
			continue
		}
		if kind == "" {
			continue
		}
		station := kind
		if x.cutShort(w) {
			station = "answer-cut"
		}
		atRisk[station]++
		if !w.End.Lost() {
			continue
		}
		losses = addLoss(losses, station, x.lossCause(w), w)
	}
	var breaches []result.Breach
	for _, l := range losses {
		what := map[string]string{
			riskRead: "requests that the server had read before the signal got no answer", riskUpload: "uploads of which the server had read the head got no answer",
			riskHalf: "answers that had begun before the signal were not finished", "answer-cut": "answers were cut off",
		}[l.station]
		b := result.Breach{
			Invariant: "every-request-answered", Class: "every-request-answered/" + l.station + "/" + l.cause, Verdict: result.Breached,
			Count: l.count, Of: atRisk[l.station], Evidence: x.wireStory(terms, l.example, l.count),
		}
		b.Summary = fmt.Sprintf("%d of %d %s", b.Count, b.Of, what)
		breaches = append(breaches, b)
	}
	return breaches
}

func addLoss(losses []*unanswered, station, cause string, w ledger.Wire) []*unanswered {
	for _, l := range losses {
		if l.station == station && l.cause == cause {
			l.count++
			return losses
		}
	}
	return append(losses, &unanswered{station, cause, 1, w})
}

// lossCause says what took a request's answer away: the process's end, or the connection's while the
// program lived on. It lived on when it answered a request that was sent later.
func (x *Index) lossCause(w ledger.Wire) string {
	for _, ops := range x.e.Ops {
		for i := range ops {
			if op := &ops[i]; op.Outcome == ledger.Accepted && op.Began > w.Ended {
				return "connection-closed"
			}
		}
	}
	end, ok := x.process(ledger.ProcessEnded)
	switch {
	case ok && end.Signal != 0:
		return "died-of-" + signalName(end.Signal)
	case ok:
		return "exited"
	}
	return "connection-closed"
}

// preopenedAnswered looks at connections that were accepted before the signal and carried their first
// request after it. An answer that was cut is a lost one, and no matter of manners: answered accuses it.
func preopenedAnswered(x *Index, terms Terms) []result.Breach {
	if !x.outside() || !x.struck || terms.Killed {
		return nil
	}
	var lost []ledger.Wire
	var of int64
	for _, w := range x.e.Wires {
		if x.riskOf(w) != riskOpened {
			continue
		}
		of++
		if w.End.Lost() {
			lost = append(lost, w)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	n := int64(len(lost))
	return []result.Breach{{
		Invariant: "preopened-answered", Class: "preopened-answered/first-request/" + lost[0].End.String(), Verdict: result.Breached,
		Count: n, Of: of, Evidence: x.wireStory(terms, lost[0], n),
		Summary: fmt.Sprintf("%d of %d connections that were accepted before the signal got no answer to their first request after it", n, of),
	}}
}

// wireStory tells of one request around the signal.
func (x *Index) wireStory(terms Terms, w ledger.Wire, count int64) []string {
	s := x.newStory()
	group := x.e.Lanes[w.Lane].Group
	s.title("one of %d: %s of %s, %s connection, client port %d", count, what(w), x.e.LaneName(w.Lane), w.Conn, w.Port)
	if w.Sent > 0 {
		s.at(w.Sent, "client", fmt.Sprintf("%d B sent%s", w.Out, x.readWords(w)))
	} else if w.Msg != 0 {
		s.at(x.opOf(w).Began, "client", fmt.Sprintf("began to send; %d B when it ended%s", w.Out, x.readWords(w)))
	}
	if w.First > 0 {
		s.at(w.First, "server", "first byte of the answer")
	}
	s.strike()
	s.at(w.Ended, "server", x.endOfWire(w))
	if end, ok := x.process(ledger.ProcessEnded); ok {
		s.at(end.At, fmt.Sprintf("pid %d", end.PID), EndOf(end)+x.leftWords())
	}
	if middle, longest, n := x.answeredUntil(group, x.strikeAt); n > 0 && w.Msg != 0 {
		s.add("", fmt.Sprintf("before the signal the same request took %s, %s at most (%d of them)", round(middle), round(longest), n))
	}
	if w.Msg != 0 {
		s.inControl(terms, group)
	}
	return s.lines()
}

func what(w ledger.Wire) string {
	if session(w) {
		return "the connection"
	}
	return "a request"
}

func (x *Index) readWords(w ledger.Wire) string {
	if w.Aim < ledger.ReadAll && x.readOf(w) == ledger.ReadAll {
		return "; nothing of it was unread when the signal ended the program: it had read it"
	}
	switch x.readOf(w) {
	case ledger.ReadAll:
		return "; nothing of it in the server's receive queue: it had read it"
	case ledger.ReadHead:
		return "; the server had read its head"
	case ledger.ReadPart, ledger.ReadNothing:
		return "; not all of its head was read by the server"
	case ledger.ReadNotAccepted:
		return "; the connection had not been accepted"
	}
	return ""
}

// leftWords says what a program left behind.
func (x *Index) leftWords() string {
	n := 0
	for _, p := range x.e.Processes {
		if p.Event == ledger.ProcessLeft {
			n++
		}
	}
	if n == 0 {
		return "; nothing left behind"
	}
	return "; " + counted(int64(n), "process of it was left running", "processes of it were left running")
}
