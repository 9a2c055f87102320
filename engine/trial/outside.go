package trial

import (
	"fmt"
	"slices"
	"time"

	"github.com/racebench/racebench/engine/fault"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// outside is what a trial lends a target whose server is another program.
type outside struct{ s *serving }

// Carry implements targets.Outside. From now on the program can be struck.
func (o *outside) Carry(c targets.Courier) {
	o.s.courier = c
	o.s.onSubscribed()
}

// Wire implements targets.Outside.
func (o *outside) Wire(w ledger.Wire) { o.s.out.Add(&w) }

// Process implements targets.Outside.
func (o *outside) Process(p ledger.Process, text string) {
	p.Text = o.s.out.Name(text)
	o.s.out.Add(&p)
}

// Answer implements targets.Outside.
func (o *outside) Answer(a ledger.Answer, line, body, trail string) {
	a.Line, a.Body, a.Trail = o.s.out.Name(line), o.s.out.Name(body), o.s.out.Name(trail)
	o.s.out.Add(&a)
}

// Poll implements targets.Outside.
func (o *outside) Poll(p ledger.Poll, path string) {
	p.Path = o.s.out.Name(path)
	o.s.out.Add(&p)
}

// Control implements targets.Outside.
func (o *outside) Control() bool { return o.s.plan.ID.Control }

// Look implements targets.Outside.
func (o *outside) Look() bool { return o.s.plan.ID.Look }

// Endless implements targets.Outside.
func (o *outside) Endless(group string) bool { return slices.Contains(o.s.plan.ID.Endless, group) }

// Freeze implements targets.Outside.
func (o *outside) Freeze() bool { return o.s.plan.ID.Freeze }

// Struck implements targets.Outside.
func (o *outside) Struck() *world.Token { return o.s.struck }

// Over implements targets.Outside.
func (o *outside) Over() *world.Token { return o.s.over }

// carry has the courier send a signal. It is recorded with the moment at which it left: the ledger is not
// the program's, and outlives it. A program that has ended meanwhile cannot be struck.
func (s *serving) carry(t *world.Task, strike fault.Strike, planned time.Duration) {
	if p, ok := s.courier.(interface {
		Prepare(t *world.Task) (took time.Duration) // before the first signal: how much that took of the time to stop
	}); ok {
		began := t.Now()
		took := p.Prepare(t)
		planned += t.Now() - began
		s.mu.Lock()
		s.preparing += took
		s.mu.Unlock()
	}
	at, err := s.courier.Send(t, strike.Signal)
	if err != nil && s.struck.Try() {
		return // it has done what the first signal asked for
	}
	if err != nil {
		s.out.Add(&ledger.Mark{Who: s.out.Name("racebench"), Text: s.out.Name(fmt.Sprintf("send %s: %v", strike.Name, err)), At: t.Now()})
		return
	}
	s.noteStrike(strike, planned, at)
	s.struck.Cancel(t)
}
