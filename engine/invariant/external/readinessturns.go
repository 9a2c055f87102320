package external

import (
	"cmp"
	"fmt"
	"time"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/result"
)

const (
	// fewestPolls and shortestTurn are how many polls of a program's readiness must have been answered after the signal,
	// and over how long, before a readiness that stayed good means something.
	fewestPolls  = 5
	shortestTurn = 100 * time.Millisecond
)

// A turn is what became of a program's readiness after the signal.
type turn struct {
	path string
	ok   int64 // polls that were answered with 2xx
	// from and until are when the first of those was sent, and when the last of them had been answered.
	from, until time.Duration
	code        int           // the status of the first
	turned      time.Duration // when the first other answer came; 0: none did
	otherwise   string        // what it was
	refused     time.Duration // when the port refused; 0: it was not seen to
}

// turn is false where nobody asked.
func (p *Program) turn() (turn, bool) {
	var t turn
	asked := false
	if !p.struck {
		return t, false
	}
	for _, poll := range p.e.Polls {
		if poll.Window {
			continue
		}
		t.path, asked = p.e.Text(poll.Path), true
		switch {
		case poll.End == extern.WireRefused:
			t.refused = cmp.Or(t.refused, poll.Ended)
		case poll.End == extern.WireAnswered && poll.Code/100 == 2:
			t.ok += poll.Count
			t.from, t.code = cmp.Or(t.from, poll.Sent), cmp.Or(t.code, poll.Code)
			t.until = poll.Ended
		case turns(poll) && t.turned == 0:
			t.turned, t.otherwise = firstEnd(poll), pollWords(poll)
		}
	}
	return t, asked
}

// turns says whether whoever asks takes a poll for a no: another status than 2xx, or none in time. A connection that
// ended without an answer is neither a yes nor a no: the program's end does that, too.
func turns(poll ledger.Poll) bool {
	return poll.End == extern.WireAnswered || poll.End == extern.WireOpen || poll.End == extern.WireGarbage
}

// pollWords says how a poll was answered.
func pollWords(poll ledger.Poll) string {
	switch poll.End {
	case extern.WireAnswered:
		return fmt.Sprintf("status %d", poll.Code)
	case extern.WireGarbage:
		return "what is no HTTP/1.1"
	}
	return "no answer within a second"
}

// firstEnd is when the first of some polls had ended, as near as it is known.
func firstEnd(poll ledger.Poll) time.Duration {
	if poll.Count == 1 {
		return poll.Ended
	}
	return poll.Sent
}

// stayed says whether the readiness was good for long enough after the signal.
func (t turn) stayed() bool { return t.ok >= fewestPolls && t.until-t.from >= shortestTurn }

// ReadinessTurns looks whether a program that goes on serving after the signal says so where balancers look: its
// readiness. One whose port refuses at once has nothing to say.
func ReadinessTurns(p *Program, r *breach.Report) {
	t, asked := p.turn()
	if !asked || r.Killed || t.turned > 0 || t.refused == 0 || !t.stayed() {
		return
	}
	s := r.Story("").
		At(t.from, "poll", fmt.Sprintf("GET %s: status %d", t.path, t.code)).
		At(t.until, "poll", fmt.Sprintf("GET %s: still 2xx, the last of %d answers", t.path, t.ok)).
		At(t.refused, "poll", "the port refused the connection")
	if end, ended := p.process(extern.ProcessEnded); ended {
		s.At(end.At, pid(end), EndOf(end))
	}
	r.Suspect("readiness-turns/path/stays-ready", "", result.Twice, 1, 0,
		fmt.Sprintf("GET %s was answered with 2xx alone after the signal, until the port refused", t.path), s)
}

// Readiness says in a few words that a program had no time in which its readiness could turn; "" where it had, or where
// nobody asked.
func Readiness(e *ledger.Evidence) string {
	p := Of(e)
	if p == nil {
		return ""
	}
	t, asked := p.turn()
	if !asked || t.turned > 0 || t.refused == 0 || t.stayed() {
		return ""
	}
	return fmt.Sprintf("no lame-duck time: the port refused before GET %s could say no", t.path)
}
