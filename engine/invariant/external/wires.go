package external

import (
	"fmt"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
)

// session says whether a wire is of a connection that stays open and carries no single request.
func session(w ledger.Wire) bool { return w.Msg == 0 }

// lasting says whether a wire is open until one side ends it: a session, or a stream without an end.
func lasting(w ledger.Wire) bool { return session(w) || w.Endless }

// opOf is the operation of a request.
func (p *Program) opOf(w ledger.Wire) ledger.Op {
	op, _ := p.e.Op(w.Msg)
	return op
}

// underway says whether a request or connection had begun when the first signal struck, and had not ended.
func (p *Program) underway(w ledger.Wire) bool {
	if !p.struck || w.End == extern.WireHungUp || w.End != extern.WireOpen && w.Ended <= p.strikeAt {
		return false
	}
	if session(w) {
		return w.Sent > 0 && w.Sent <= p.strikeAt
	}
	if w.Endless {
		return w.First > 0 && w.First <= p.strikeAt
	}
	return p.opOf(w).Began <= p.strikeAt || p.readWhenItDied(w) > extern.ReadUnknown
}

// readWhenItDied is what a program had read of an unanswered request when it died of the signal. One whose only
// process the signal ends before any of its code can act reads nothing for later: who can still look is its
// kernel, and that closes without a reset only where nothing was unread.
func (p *Program) readWhenItDied(w ledger.Wire) extern.Reading {
	sent, ok := p.process(extern.ProcessDefault)
	if !ok || sent.At > p.strikeAt || w.End != extern.WireEOF || w.Conn == extern.ConnPreopened {
		return extern.ReadUnknown
	}
	end, ended := p.process(extern.ProcessEnded)
	if _, left := p.process(extern.ProcessLeft); left || !ended || end.Signal != sent.Signal {
		return extern.ReadUnknown
	}
	return w.Last
}

// readOf is how much of a request the server is proved to have read when the signal struck.
func (p *Program) readOf(w ledger.Wire) extern.Reading { return max(w.Aim, p.readWhenItDied(w)) }

// endOfWire says in words how a request ended.
func endOfWire(w ledger.Wire) string {
	switch w.End {
	case extern.WireHungUp:
		return "its client hung up"
	case extern.WireAnswered:
		return "answered with " + extern.StatusName(w.Code)
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

// reportWire reports requests or connections of one class, with the story of an example around the signal.
func (p *Program) reportWire(r *breach.Report, g *breach.Group[ledger.Wire], summary string) {
	if g.N > 0 {
		r.Add(g.Class, g.N, g.Of, summary, p.wireStory(r, g))
	}
}

// wireStory tells of an example around the signal.
func (p *Program) wireStory(r *breach.Report, g *breach.Group[ledger.Wire]) *breach.Story {
	w := g.Example
	group := p.e.Lanes[w.Lane].Group
	s := r.Story("one of %d: %s of %s, %s connection, client port %d", g.N, what(w), p.e.LaneName(w.Lane), w.Conn, w.Port)
	if w.Sent > 0 {
		s.Before(w.Sent, "client", fmt.Sprintf("%d B sent%s", w.Out, p.readWords(w)))
	} else if w.Msg != 0 {
		s.Before(p.opOf(w).Began, "client", fmt.Sprintf("began to send; %d B when it ended%s", w.Out, p.readWords(w)))
	}
	if w.First > 0 {
		s.Before(w.First, "server", "first byte of the answer")
	}
	s.At(w.Ended, "server", p.endOfAnswer(w))
	p.tellWords(s, w.Port)
	if rested, ok := p.process(extern.ProcessRested); ok && w.End.Lost() && rested.At >= w.Ended {
		s.At(rested.At, pid(rested), "lived on: it was seen to wait")
	}
	if end, ok := p.process(extern.ProcessEnded); ok {
		s.At(end.At, pid(end), EndOf(end)+p.leftWords())
	}
	if middle, longest, n := p.answeredUntil(group, p.strikeAt); n > 0 && w.Msg != 0 {
		s.Add("", fmt.Sprintf("before the signal the same request took %s, %s at most (%d of them)", breach.Round(middle), breach.Round(longest), n))
	}
	if w.Msg != 0 {
		inControl(s, r.Control, group, p.answeredBadly(w))
	}
	return s
}

func what(w ledger.Wire) string {
	if session(w) {
		return "the connection"
	}
	return "a request"
}

func (p *Program) readWords(w ledger.Wire) string {
	if w.Aim < extern.ReadAll && p.readOf(w) == extern.ReadAll {
		return "; nothing of it was unread when the signal ended the program: it had read it"
	}
	if w.Held > extern.ReadNotAccepted {
		if w.Held == extern.ReadAll {
			return "; the server had read it, and kept it"
		}
		return "; the server had accepted the connection, and kept it"
	}
	switch p.readOf(w) {
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
