package invariant

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

// Programs from outside are judged by what crossed their sockets. A request counts as read only where the
// look at the server's side of its connection shows it; what is not proved is counted and accuses nobody.

// outside says whether the evidence is of a program from outside.
func (x *Index) outside() bool { return len(x.e.Processes) > 0 }

// process returns the first record of an event, false when there is none.
func (x *Index) process(event ledger.ProcessEvent) (ledger.Process, bool) {
	i := slices.IndexFunc(x.e.Processes, func(p ledger.Process) bool { return p.Event == event })
	if i < 0 {
		return ledger.Process{}, false
	}
	return x.e.Processes[i], true
}

// session says whether a wire is of a connection that stays open and carries no single request.
func session(w ledger.Wire) bool { return w.Msg == 0 }

// opOf is the operation of a request.
func (x *Index) opOf(w ledger.Wire) ledger.Op {
	op, _ := x.e.Op(w.Msg)
	return op
}

// underway says whether a request or connection had begun when the first signal struck, and had not ended.
func (x *Index) underway(w ledger.Wire) bool {
	if !x.struck || w.End != ledger.WireOpen && w.Ended <= x.strikeAt {
		return false
	}
	if session(w) {
		return w.Sent > 0 && w.Sent <= x.strikeAt
	}
	return x.opOf(w).Began <= x.strikeAt || x.readWhenItDied(w) > ledger.ReadUnknown
}

// readWhenItDied is what a program had read of an unanswered request when it died of the signal. One whose only
// process the signal ends before any of its code can act reads nothing for later: who can still look is its
// kernel, and that closes without a reset only where nothing was unread.
func (x *Index) readWhenItDied(w ledger.Wire) ledger.Reading {
	sent, ok := x.process(ledger.ProcessDefault)
	if !ok || sent.At > x.strikeAt || w.End != ledger.WireEOF || w.Conn == ledger.ConnPreopened {
		return ledger.ReadUnknown
	}
	end, ended := x.process(ledger.ProcessEnded)
	if _, left := x.process(ledger.ProcessLeft); left || !ended || end.Signal != sent.Signal {
		return ledger.ReadUnknown
	}
	return w.Last
}

// readOf is how much of a request the server is proved to have read when the signal struck.
func (x *Index) readOf(w ledger.Wire) ledger.Reading { return max(w.Aim, x.readWhenItDied(w)) }

// Kinds of what is at risk in a program from outside.
const (
	riskRead     = "request-read"
	riskHalf     = "answer-half-sent"
	riskUpload   = "upload-half-received"
	riskOpened   = "preopened"
	riskSession  = "websocket-open"
	riskWrite    = "acknowledged-write"
	restartPlace = "restart"
)

var outsideRisks = []string{riskRead, riskHalf, riskUpload, riskOpened, riskSession, riskWrite}

// riskOf says which kind of risk a request or connection was; "" for none that is proved. An answer that was
// cut in the stop proves that the server had read its request, whenever that came.
func (x *Index) riskOf(w ledger.Wire) string {
	switch {
	case x.cutShort(w):
		return riskHalf
	case w.Conn == ledger.ConnPreopened:
		if w.Sent > x.strikeAt && w.Strike == ledger.ReadAll {
			return riskOpened
		}
	case !x.underway(w):
	case session(w):
		return riskSession
	case w.First > 0 && w.First <= x.strikeAt:
		return riskHalf
	case x.readOf(w) == ledger.ReadAll:
		return riskRead
	case x.readOf(w) == ledger.ReadHead:
		return riskUpload
	}
	return ""
}

// cutShort says whether an answer was begun and not finished after the signal.
func (x *Index) cutShort(w ledger.Wire) bool {
	return x.struck && w.End == ledger.WireCut && !session(w) && w.Ended > x.strikeAt
}

// lostAt says whether what was at risk was lost.
func lostAt(kind string, w ledger.Wire) bool {
	if kind == riskSession {
		return w.End == ledger.WireEOF || w.End == ledger.WireReset || w.End == ledger.WireCut
	}
	return w.End.Lost()
}

// outsideAtRisk says what was under way at a program from outside. Every kind has a row: zero is not tested.
func (x *Index) outsideAtRisk() []result.Risk {
	risks := make([]result.Risk, len(outsideRisks))
	for i, kind := range outsideRisks {
		risks[i].Kind = kind
	}
	for _, w := range x.e.Wires {
		if i := slices.Index(outsideRisks, x.riskOf(w)); i >= 0 {
			risks[i].Count++
			if lostAt(risks[i].Kind, w) {
				risks[i].Lost++
			}
		}
	}
	writes := &risks[slices.Index(outsideRisks, riskWrite)]
	if audit, ok := x.process(ledger.ProcessAudited); ok {
		writes.Count, writes.Lost = audit.Count, int64(len(x.notFound()))
	}
	return risks
}

// notFound are the acknowledged writes that a restarted program did not give back.
func (x *Index) notFound() []ledger.Discard {
	var lost []ledger.Discard
	for _, d := range x.discards {
		if x.e.Text(d.Station) == restartPlace {
			lost = append(lost, d)
		}
	}
	return lost
}

// readLate is the kind of crossed requests that the server is proved to have read by the time when it closed their
// connection, and not by the look before the signal. They are among the unread ones, too.
const readLate = "read-late"

// Crossed counts the requests that a signal met on the wire or that came after it: whether they got an
// answer is luck. It is nil for servers inside this process.
func Crossed(x *Index) []result.Crossed {
	if !x.outside() || !x.struck {
		return nil
	}
	counts := map[string]*result.Crossed{}
	var order []string
	of := func(kind string) *result.Crossed {
		c := counts[kind]
		if c == nil {
			c = &result.Crossed{Kind: kind}
			counts[kind] = c
			order = append(order, kind)
		}
		return c
	}
	for _, w := range x.e.Wires {
		if session(w) || w.End == ledger.WireRetired || w.End == ledger.WireRefused || w.Ended <= x.strikeAt && w.End != ledger.WireOpen || x.riskOf(w) != "" {
			continue
		}
		when := "sent-after"
		if x.opOf(w).Began <= x.strikeAt && w.Conn != ledger.ConnPreopened {
			when = "unread"
		}
		if when == "unread" && w.End == ledger.WireEOF && w.Last == ledger.ReadAll {
			late := of(readLate)
			late.Count, late.Of = late.Count+1, late.Of+1
		}
		eof, reset := of(when+"-"+w.Conn.String()+"-eof"), of(when+"-"+w.Conn.String()+"-reset")
		eof.Of++
		reset.Of++
		switch w.End {
		case ledger.WireEOF, ledger.WireGarbage:
			eof.Count++
		case ledger.WireReset:
			reset.Count++
		}
	}
	for _, ops := range x.e.Ops {
		for i := range ops {
			if op := &ops[i]; op.Began > x.strikeAt {
				c := of("refused-after")
				c.Of++
				if op.Outcome == ledger.Refused && op.Cause == ledger.Closed {
					c.Count++
				}
			}
		}
	}
	after := of("refused-after")
	for _, kind := range order {
		if strings.HasPrefix(kind, "sent-after") {
			counts[kind].Of = after.Of - after.Count
		}
	}
	slices.Sort(order)
	var all []result.Crossed
	for _, kind := range order {
		all = append(all, *counts[kind])
	}
	return all
}

// A Toll is what a load without a signal cost.
type Toll struct {
	Answered, Lost int64
	Example        string // one of those lost, after a colon; empty when none was
	// Longest is how long the longest request took, or how long an open one had been under way.
	Longest time.Duration
}

// Unasked counts what the clients of a program from outside lost although nobody had signalled it.
func Unasked(x *Index) Toll {
	var t Toll
	for _, ops := range x.e.Ops {
		for i := range ops {
			switch op := &ops[i]; {
			case op.Outcome == ledger.Accepted:
				t.Answered++
				t.Longest = max(t.Longest, op.Ended-op.Began)
			case op.Outcome == ledger.Refused && t.Lost == 0 && t.Example == "":
				t.Example = ": " + x.e.LaneName(op.Msg.Lane()) + " was " + refusedFor(op.Cause)
			}
		}
	}
	for _, w := range x.e.Wires {
		if session(w) {
			t.Answered++ // it was opened
		}
		if !session(w) && w.End == ledger.WireOpen { // racebench ended the trial: not the program's doing
			t.Longest = max(t.Longest, w.Ended-x.opOf(w).Began)
		}
		if !session(w) && w.End.Lost() {
			t.Lost++
			if t.Lost == 1 {
				t.Example = fmt.Sprintf(", such as one of %s: %s", x.e.LaneName(w.Lane), x.endOfWire(w))
			}
		}
	}
	if t.Lost == 0 && t.Answered > 0 {
		t.Example = ""
	}
	return t
}

func refusedFor(c ledger.Cause) string {
	switch c {
	case ledger.Closed:
		return "refused a connection, or told 503"
	case ledger.Overloaded:
		return "told 429"
	}
	return "answered with another status than expected"
}

// endOfWire says in words how a request ended.
func (x *Index) endOfWire(w ledger.Wire) string {
	switch w.End {
	case ledger.WireAnswered:
		return fmt.Sprintf("answered with %d", w.Code)
	case ledger.WireCut:
		return fmt.Sprintf("the answer was cut after %d B", w.In)
	case ledger.WireEOF:
		return "the server closed the connection after 0 B of answer"
	case ledger.WireReset:
		return "the connection was reset after 0 B of answer"
	case ledger.WireGarbage:
		return fmt.Sprintf("what came is no answer of the protocol (%d B)", w.In)
	case ledger.WireOpen:
		return "still without an answer when the trial was over"
	case ledger.WireClosed:
		return fmt.Sprintf("closed with code %d", w.Code)
	}
	return w.End.String()
}

// EndOf says how a program ended.
func EndOf(p ledger.Process) string {
	if p.Signal != 0 {
		return "ended by " + signalName(p.Signal)
	}
	if p.Status == ledger.StatusUnknown {
		return "ended; only its parent knows with what status"
	}
	return fmt.Sprintf("exited with status %d", p.Status)
}

// answeredUntil are the answers that a group got until a moment: how long the middle one and the longest took.
func (x *Index) answeredUntil(group string, until time.Duration) (middle, longest time.Duration, n int) {
	var took []time.Duration
	for lane, ops := range x.e.Ops {
		if x.e.Lanes[lane].Group != group {
			continue
		}
		for i := range ops {
			if op := &ops[i]; op.Outcome == ledger.Accepted && op.Ended <= until {
				took = append(took, op.Ended-op.Began)
			}
		}
	}
	if len(took) == 0 {
		return 0, 0, 0
	}
	slices.Sort(took)
	return took[len(took)/2], took[len(took)-1], len(took)
}
