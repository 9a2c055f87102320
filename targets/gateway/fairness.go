package gateway

import (
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// fairness notes for how long an answer was on its way from the actor to its client while nobody in a
// simulated world could go on: that is what others do to it. A slow client may hold the gateway up for as
// long as it is given to close, and no longer. Real sockets have no such limit: there the count of pings
// says that somebody was kept waiting.
type fairness struct {
	record targets.StoreProbe // nil in a real world
	worked []time.Duration    // by lane: the time nobody could go on in, when the actor was last done with a message of it
}

// claim says what every design means to keep.
func (f *fairness) claim(s *server) {
	if !s.w.Simulated() {
		return
	}
	f.record = targets.StoreProbeOf(s.probe)
	for _, op := range []string{opHTTP, opHTTPS, opSession, opFrame} {
		f.record.Claim(ledger.ClaimFair, op, s.linger)
	}
}

// done notes that the actor is done with a lane's message.
func (f *fairness) done(s *server, lane int) {
	if f.record == nil {
		return
	}
	for len(f.worked) <= lane {
		f.worked = append(f.worked, 0)
	}
	f.worked[lane] = s.w.Waited()
}

// of returns a client whose answers' waits are noted; in a real world the client itself.
func (f *fairness) of(s *server, c targets.Client, lane int) targets.Client {
	if f.record == nil {
		return c
	}
	return &patient{Client: c, s: s, lane: lane}
}

// A patient is a client of a simulated world.
type patient struct {
	targets.Client
	s    *server
	lane int
}

// Do implements targets.Client.
func (c *patient) Do(t *world.Task, m targets.Message) targets.Reply {
	f := &c.s.fairness
	f.done(c.s, c.lane) // until the actor has it, it is on its way there
	reply := c.Client.Do(t, m)
	if waited := c.s.w.Waited() - f.worked[c.lane]; waited > 0 && reply.Outcome == ledger.Accepted {
		f.record.Waited(m.ID, waited)
	}
	return reply
}
