package external

import (
	"time"

	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/world"
)

// Looks at the requests that began after the signal become rarer: from firstLate apart to rareLate.
const (
	firstLate = time.Millisecond
	rareLate  = 20 * time.Millisecond
)

// plainTime is the time of a world for what is no task of it.
type plainTime struct{ w *world.World }

// Now implements clock.
func (p plainTime) Now() time.Duration { return p.w.Now() }

// Sleep implements clock.
func (plainTime) Sleep(d time.Duration) { time.Sleep(d) }

// lookLate looks, until the program has ended, at what it takes after the signal. A request that it has read may be on
// its way to be refused: what counts is what it still has when it has come to rest, or run on.
func (s *instance) lookLate() {
	if s.p.address.port == 0 {
		return
	}
	for pause := firstLate; ; {
		select {
		case <-s.p.exited:
			return
		case <-time.After(pause):
		}
		if s.closing.Load() {
			return
		}
		pause = min(pause+pause/4, rareLate)
		before := s.lateOnes()
		if len(before) == 0 {
			continue
		}
		if s.readings(before) && settles(plainTime{s.w}, s.struck, longestAim) {
			s.noteHeld(before)
		}
	}
}

// A late request is one that began after the signal, on a connection that is no older than the signal or had carried
// one before.
type late struct {
	c       *wireConn
	m       mark
	reading extern.Reading
}

func (s *instance) lateOnes() []late {
	sent := time.Duration(s.sent.Load())
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []late
	for c := range s.conns {
		if c.opened <= sent && !c.carriedBefore(sent) {
			continue
		}
		for _, m := range c.marks() {
			if m.carries && m.began > sent {
				all = append(all, late{c: c, m: m})
			}
		}
	}
	return all
}

// carriedBefore says whether a request of the connection had begun by then.
func (c *wireConn) carriedBefore(at time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.first > 0 && c.first <= at
}

// readings asks the kernel what the server has taken of each.
func (s *instance) readings(all []late) bool {
	each := make([]ends, len(all))
	for i, x := range all {
		each[i] = x.c.ends
	}
	peers, err := s.peers(each)
	if err != nil {
		return false
	}
	for i, x := range all {
		p, found := peers[x.c.port]
		all[i].reading = readingOf(x.m, p, found)
	}
	return true
}

// noteHeld keeps the readings of those that the server still has.
func (s *instance) noteHeld(all []late) {
	still := append([]late(nil), all...)
	if !s.readings(still) {
		return
	}
	held := map[*wireConn][]look{}
	for i, x := range all {
		if still[i].reading >= x.reading && x.reading > extern.ReadNotAccepted {
			held[x.c] = append(held[x.c], look{x.m.msg, x.reading})
		}
	}
	for c, looks := range held {
		c.hold(looks)
	}
}

// hold adds what a look has found out to what earlier ones have.
func (c *wireConn) hold(looks []look) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := looks
	for _, old := range c.held {
		if readingIn(looks, old.msg) == extern.ReadUnknown && c.carries(old) {
			kept = append(kept, old)
		}
	}
	c.held = kept
}

func (c *wireConn) carries(l look) bool {
	for _, x := range c.carried {
		if x.msg == l.msg {
			return true
		}
	}
	return false
}
