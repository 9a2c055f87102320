package external

import (
	"cmp"
	"fmt"
	"math"
	"time"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
)

// DrainEnds reports a program that had not ended within its limit, where its supervisor would kill it.
func DrainEnds(p *Program, r *breach.Report) {
	killed, ok := p.process(extern.ProcessKilled)
	if !ok || !p.struck || r.Killed || p.e.Cut != "" || p.e.Drain != nil && p.e.Drain.Ended > 0 {
		return
	}
	cause, words := p.whyAlive(killed.At, r.Terms)
	if ignored := p.e.Text(killed.Text); ignored != "" {
		words += "; " + ignored
	}
	s := r.Story("").Add(pid(killed), words)
	p.tellWords(s, 0)
	since := fmt.Sprintf("%s after the signal", r.DrainLimit)
	if took := p.prepared(); took > 0 {
		since = fmt.Sprintf("%s after its stop began, of which pre_stop took %s", r.DrainLimit, breach.Milliseconds(took))
	}
	r.Hang("drain-ends/program/"+cause, fmt.Sprintf("the program was still running %s: %s", since, words), s)
}

// whyAlive says what a program that did not end was seen doing until it was given up.
func (p *Program) whyAlive(until time.Duration, terms breach.Terms) (cause, words string) {
	if listens, ok := p.process(extern.ProcessListens); ok {
		words = "it accepted new connections to the end, as if nobody had signalled it"
		if child := p.e.Text(listens.Text); child != "" {
			words = fmt.Sprintf("its child %s (%s) accepted new connections to the end; the process that got the signal did not stop it", pid(listens), child)
		}
		return "still-accepts", words
	}
	if ready, ok := p.process(extern.ProcessReady); ok && ready.Clean {
		return "stuck", "it works without clients, and went on"
	}
	refused := time.Duration(math.MaxInt64)
	for _, ops := range p.e.Ops {
		for i := range ops {
			if op := &ops[i]; op.Began > p.strikeAt && op.Outcome == ledger.Refused && op.Cause == ledger.Closed {
				refused = min(refused, op.Began)
			}
		}
	}
	kept := "it refused new connections and went on serving those that clients kept alive"
	if p.keptServing(p.strikeAt + (until-p.strikeAt)/2) { // not what was under way
		if p.keptServing(refused) {
			return "keeps-serving", kept
		}
		return "keeps-serving", "it went on serving the connections that clients kept alive"
	}
	for _, w := range p.e.Wires {
		switch group := p.e.Lanes[w.Lane].Group; {
		case w.End != extern.WireOpen:
		case session(w):
			return p.e.Lanes[w.Lane].Op + "-open", "connections of " + group + " were still open, and it waited for them"
		case p.riskOf(w) == riskStream:
			return riskStream, "streams of " + cmp.Or(terms.AskingOf(group).Kind, group) + " were still open, and it waited for them"
		}
	}
	if p.keptServing(refused) {
		return "keeps-serving", kept
	}
	for _, a := range terms.Asking {
		if a.Manners != "" {
			return "stuck", "it served nobody; it may have waited for clients of " + a.Group + ", which " + a.Manners
		}
	}
	for _, l := range p.e.Lanes {
		if l.Op == "tcp-silent" {
			return "stuck", "it served nobody; it may have waited for the connections of " + l.Group + ", which never say a word"
		}
	}
	return "stuck", "it served nobody, and nothing that a client can see was left to do"
}

// keptServing says whether the program answered two requests of a client on one connection, both begun after a moment at
// which it took no new ones: it did not close that connection after the first answer.
func (p *Program) keptServing(from time.Duration) bool {
	serves, ok := p.process(extern.ProcessServes)
	return ok && serves.At > from
}
