package external

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/result"
)

// early is how much sooner than its time a program's own timer may end: runtimes round it.
const early = 20 * time.Millisecond

// chanceOfTolls is how unlikely it must be, by what was answered before the signal, that a program which loses requests
// at all times lost so many after it.
const chanceOfTolls = 1e-3

// A turnedAway is a connection or a request after the signal that got no answer.
type turnedAway struct {
	station, cause string // as parts of a class
	group          string // whose it was; "": racebench asked beside the load
	what, path     string
	port           int
	sent, ended    time.Duration
}

// ServesFor looks whether a program answers new and kept connections as long after the signal as its scenario says. What
// counts was sent after the signal, and was refused, reset or closed before the time was over: a slow answer never does. A
// further signal ends that time: it may say stop now.
func ServesFor(p *Program, r *breach.Report) {
	if !p.struck || r.Killed || r.ServesFor == 0 || p.losesAnyway() {
		return
	}
	until := p.strikeAt + r.ServesFor - early
	for _, s := range p.e.Signals {
		if !s.Taken && s.At > p.strikeAt {
			until = min(until, s.At)
		}
	}
	var all []turnedAway
	for _, poll := range p.e.Polls {
		if away, ok := p.pollAway(poll); ok && away.ended < until {
			all = append(all, away)
		}
	}
	for _, w := range p.e.Wires {
		if away, ok := p.wireAway(w); ok && away.ended < until {
			all = append(all, away)
		}
	}
	slices.SortStableFunc(all, func(a, b turnedAway) int { return cmp.Compare(a.ended, b.ended) })
	var groups breach.Groups[turnedAway]
	proved := p.beyondChance(r, all)
	for _, one := range all {
		if one.cause == "refused" || proved {
			groups.Add("serves-for/"+one.station+"/"+one.cause, one)
		}
	}
	for g := range groups.Found() {
		one := g.Example
		r.Suspect(g.Class, "", result.Twice, g.N, 0, fmt.Sprintf("%s, %s after the signal at the earliest, and it is to serve for %s",
			breach.Counted(g.N, awayWords[one.station+"/"+one.cause][0], awayWords[one.station+"/"+one.cause][1]),
			breach.Milliseconds(one.ended-p.strikeAt), r.ServesFor), p.awayStory(r, one))
	}
}

// awayWords say of each station and cause what happened, of one and of more.
var awayWords = map[string][2]string{
	"new/refused": {"new connection was refused", "new connections were refused"},
	"new/closed":  {"new connection was closed without an answer", "new connections were closed without an answer"},
	"kept/closed": {"request on a kept connection got no answer: it was closed", "requests on kept connections got no answer: they were closed"},
}

// pollAway is what a poll of the port was turned away with; false where it was not.
func (p *Program) pollAway(poll ledger.Poll) (turnedAway, bool) {
	away := turnedAway{station: "new", cause: "closed", what: "the connection was closed without an answer", path: p.e.Text(poll.Path), sent: poll.Sent, ended: poll.Ended}
	switch {
	case !poll.Window || poll.Sent < p.strikeAt:
		return away, false
	case poll.End == extern.WireRefused:
		away.cause, away.what = "refused", "the port refused the connection"
		return away, true
	case poll.End == extern.WireEOF || poll.End == extern.WireReset:
		away.ended = firstEnd(poll)
		return away, true
	}
	return away, false
}

// wireAway is what a client's request was turned away with; false where it was not, or was sent before the signal.
func (p *Program) wireAway(w ledger.Wire) (turnedAway, bool) {
	if lasting(w) || w.End != extern.WireEOF && w.End != extern.WireReset || p.opOf(w).Began <= p.strikeAt {
		return turnedAway{}, false
	}
	away := turnedAway{
		station: "new", cause: "closed", what: endOfWire(w), group: p.e.Lanes[w.Lane].Group, port: w.Port,
		sent: max(w.Sent, p.opOf(w).Began), ended: w.Ended,
	}
	if w.Conn != extern.ConnFresh {
		away.station = "kept"
	}
	return away, true
}

// losesAnyway says whether clients were turned away before the signal, too: then no stop is to blame.
func (p *Program) losesAnyway() bool {
	return p.turnedAwayUntil(p.strikeAt) > 0 ||
		slices.ContainsFunc(p.e.Wires, func(w ledger.Wire) bool { return !lasting(w) && w.End.Lost() && w.Ended <= p.strikeAt })
}

// turnedAwayUntil counts the connections until a moment that clients wanted and did not get.
func (p *Program) turnedAwayUntil(until time.Duration) int64 {
	n := int64(0)
	for _, ops := range p.e.Ops {
		for i := range ops {
			if op := &ops[i]; op.Outcome == ledger.Refused && op.Cause == ledger.Closed && op.Code == 0 && op.Ended <= until {
				n++
			}
		}
	}
	return n
}

// TurnedAway counts the connections of a run without a signal that clients wanted and did not get.
func TurnedAway(e *ledger.Evidence) int64 { return newProgram(e).turnedAwayUntil(math.MaxInt64) }

// beyondChance says whether those that were closed are more than a program loses that does so at all times: of the
// requests begun after the signal until the last of them, given those that were answered before it and in the run without
// a signal.
func (p *Program) beyondChance(r *breach.Report, all []turnedAway) bool {
	var closed, after, good int64
	last := time.Duration(0)
	for _, one := range all {
		if one.cause == "closed" {
			closed, last = closed+1, one.ended
		}
	}
	for _, c := range r.Control {
		good += int64(c.Of)
	}
	for _, ops := range p.e.Ops {
		for i := range ops {
			switch op := &ops[i]; {
			case op.Outcome == ledger.Accepted && op.Ended <= p.strikeAt:
				good++
			case op.Began > p.strikeAt && op.Began <= last:
				after++
			}
		}
	}
	chance := 1.0 // Fisher's exact test: that all which were closed lie after the signal
	for i := range closed {
		chance *= float64(max(after, closed)-i) / float64(good+max(after, closed)-i)
	}
	return closed > 0 && chance < chanceOfTolls
}

// awayStory tells of the first that was turned away.
func (p *Program) awayStory(r *breach.Report, one turnedAway) *breach.Story {
	s := r.Story("")
	who, asks := "poll", "a new connection"
	if one.path != "" {
		asks += ", GET " + one.path
	}
	if one.group != "" {
		who, asks = one.group, fmt.Sprintf("a request, client port %d", one.port)
	}
	s.At(one.sent, who, asks).At(one.ended, who, one.what)
	if end, ended := p.process(extern.ProcessEnded); ended {
		s.At(end.At, pid(end), EndOf(end)+p.leftWords())
	}
	return s
}

// Served says in a few words how a program answered in the time that it is to serve for; "" where nobody said.
func Served(e *ledger.Evidence, window time.Duration) string {
	p := Of(e)
	if p == nil || !p.struck || window == 0 {
		return ""
	}
	var answered, slow int64
	last, away := time.Duration(0), time.Duration(math.MaxInt64)
	for _, poll := range p.e.Polls {
		if _, turned := p.pollAway(poll); turned {
			away = min(away, firstEnd(poll))
		}
		switch {
		case !poll.Window:
		case poll.End == extern.WireAnswered:
			answered, last = answered+poll.Count, max(last, poll.Ended)
		case poll.End == extern.WireOpen || poll.End == extern.WireGarbage:
			slow += poll.Count
		}
	}
	words := fmt.Sprintf("new connections after the signal, for %s: none was answered", window)
	if answered > 0 {
		words = fmt.Sprintf("new connections after the signal, for %s: %d answered, the last %s after it", window, answered, breach.Milliseconds(last-p.strikeAt))
	}
	if slow > 0 {
		words += fmt.Sprintf("; %d without an answer within a second", slow)
	}
	if away < math.MaxInt64 {
		words += fmt.Sprintf("; turned away %s after it", breach.Milliseconds(away-p.strikeAt))
	}
	return words
}
