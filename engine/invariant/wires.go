package invariant

import (
	"fmt"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
)

// session says whether a wire is of a connection that stays open and carries no single request.
func session(w ledger.Wire) bool { return w.Msg == 0 }

// opOf is the operation of a request.
func (x *Index) opOf(w ledger.Wire) ledger.Op {
	op, _ := x.e.Op(w.Msg)
	return op
}

// underway says whether a request or connection had begun when the first signal struck, and had not ended.
func (x *Index) underway(w ledger.Wire) bool {
	if !x.struck || w.End != extern.WireOpen && w.Ended <= x.strikeAt {
		return false
	}
	if session(w) {
		return w.Sent > 0 && w.Sent <= x.strikeAt
	}
	return x.opOf(w).Began <= x.strikeAt || x.readWhenItDied(w) > extern.ReadUnknown
}

// readWhenItDied is what a program had read of an unanswered request when it died of the signal. One whose only
// process the signal ends before any of its code can act reads nothing for later: who can still look is its
// kernel, and that closes without a reset only where nothing was unread.
func (x *Index) readWhenItDied(w ledger.Wire) extern.Reading {
	sent, ok := x.process(extern.ProcessDefault)
	if !ok || sent.At > x.strikeAt || w.End != extern.WireEOF || w.Conn == extern.ConnPreopened {
		return extern.ReadUnknown
	}
	end, ended := x.process(extern.ProcessEnded)
	if _, left := x.process(extern.ProcessLeft); left || !ended || end.Signal != sent.Signal {
		return extern.ReadUnknown
	}
	return w.Last
}

// readOf is how much of a request the server is proved to have read when the signal struck.
func (x *Index) readOf(w ledger.Wire) extern.Reading { return max(w.Aim, x.readWhenItDied(w)) }

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
	case w.Conn == extern.ConnPreopened:
		if w.Sent > x.strikeAt && w.Strike == extern.ReadAll {
			return riskOpened
		}
	case !x.underway(w):
	case session(w):
		return riskSession
	case w.First > 0 && w.First <= x.strikeAt:
		return riskHalf
	case x.readOf(w) == extern.ReadAll:
		return riskRead
	case x.readOf(w) == extern.ReadHead:
		return riskUpload
	}
	return ""
}

// cutShort says whether an answer was begun and not finished after the signal.
func (x *Index) cutShort(w ledger.Wire) bool {
	return x.struck && w.End == extern.WireCut && !session(w) && w.Ended > x.strikeAt
}

// lostAt says whether what was at risk was lost.
func lostAt(kind string, w ledger.Wire) bool {
	if kind == riskSession {
		return w.End == extern.WireEOF || w.End == extern.WireReset || w.End == extern.WireCut
	}
	return w.End.Lost()
}

// endOfWire says in words how a request ended.
func (x *Index) endOfWire(w ledger.Wire) string {
	switch w.End {
	case extern.WireAnswered:
		return fmt.Sprintf("answered with %d", w.Code)
	case extern.WireCut:
		return fmt.Sprintf("the answer was cut after %d B", w.In)
	case extern.WireEOF:
		return "the server closed the connection after 0 B of answer"
	case extern.WireReset:
		return "the connection was reset after 0 B of answer"
	case extern.WireGarbage:
		return fmt.Sprintf("what came is no answer of the protocol (%d B)", w.In)
	case extern.WireOpen:
		return "still without an answer when the trial was over"
	case extern.WireClosed:
		return fmt.Sprintf("closed with code %d", w.Code)
	}
	return w.End.String()
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
	if end, ok := x.process(extern.ProcessEnded); ok {
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
	if w.Aim < extern.ReadAll && x.readOf(w) == extern.ReadAll {
		return "; nothing of it was unread when the signal ended the program: it had read it"
	}
	switch x.readOf(w) {
	case extern.ReadAll:
		return "; nothing of it in the server's receive queue: it had read it"
	case extern.ReadHead:
		return "; the server had read its head"
	case extern.ReadPart, extern.ReadNothing:
		return "; not all of its head was read by the server"
	case extern.ReadNotAccepted:
		return "; the connection had not been accepted"
	}
	return ""
}
