package external

import (
	"time"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/result"
)

// laterOn is how long after the signal a connection counts as one that the program goes on taking.
const laterOn = 500 * time.Millisecond

// LateConnectionsAnswered looks at what a program takes after the signal and never answers: requests that it has read
// and kept, and went with its end; and connections that it goes on taking. What it closes as soon as it has read it is
// refused, as is what it resets or leaves unread. One trial proves nothing: the sums of all decide.
func LateConnectionsAnswered(p *Program, r *breach.Report) {
	if !p.struck || r.Killed {
		return
	}
	read := breach.Group[ledger.Wire]{Class: "late-connections-answered/read", Of: p.askedAfter(p.strikeAt)}
	accepted := breach.Group[ledger.Wire]{Class: "late-connections-answered/accepted", Of: p.askedAfter(p.strikeAt + laterOn)}
	for _, w := range p.e.Wires {
		if lasting(w) || w.Conn == extern.ConnPreopened || w.Held <= extern.ReadNotAccepted || w.First > 0 {
			continue
		}
		began := p.opOf(w).Began
		switch {
		case began <= p.strikeAt:
		case w.Held == extern.ReadAll && w.End == extern.WireEOF:
			read.Add(w)
		case w.Conn == extern.ConnFresh && began > p.strikeAt+laterOn && w.End != extern.WireAnswered:
			accepted.Add(w)
		}
	}
	p.suspectOften(r, &read, "requests that were sent after the signal were read by the program and got no answer")
	p.suspectOften(r, &accepted, "connections that the program accepted more than half a second after the signal got not a byte")
}

// suspectOften reports what all trials together decide of.
func (p *Program) suspectOften(r *breach.Report, g *breach.Group[ledger.Wire], summary string) {
	if g.N > 0 {
		r.Suspect(g.Class, "", result.Often, g.N, max(g.N, g.Of), summary, p.wireStory(r, g))
	}
}

// askedAfter counts the requests that began after a moment and met a connection.
func (p *Program) askedAfter(at time.Duration) int64 {
	n := int64(0)
	for _, ops := range p.e.Ops {
		for i := range ops {
			if op := &ops[i]; op.Began > at && !(op.Outcome == ledger.Refused && op.Cause == ledger.Closed && op.Code == 0) {
				n++
			}
		}
	}
	return n
}
