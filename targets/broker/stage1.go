package broker

import (
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
	"github.com/racebench/racebench/targets"
)

// A source is one Stage-1 queue. The broker knows a queue from its merge, the inventory from here.
type source struct {
	queue  *prim.Queue[targets.Message]
	where  string
	broker *broker    // that reads it
	cut    world.Note // how many events were inside when the budget ended the broker's last read
}

// newSource makes a Stage-1 queue and gives it to its broker. Under the registry, or at the start.
func (s *server) newSource(t *world.Task, b *broker, owner string) *source {
	where := "stage-1 queue of " + owner
	src := &source{queue: prim.NewQueue[targets.Message](s.w, where, s.stage1), where: where, broker: b}
	s.sources = append(s.sources, src)
	b.merge.Add(t, src.queue)
	return src
}

// A client is one connection: a producer, or an actor with its handler.
type client struct {
	s         *server
	queue     *prim.Queue[targets.Message]
	reserving *prim.Reserving[targets.Message]
	gate      *gate  // that refuses it; nil is none
	actor     *actor // nil: a producer
}

func (s *server) newClient(src *source, a *actor) *client {
	c := &client{s: s, queue: src.queue, reserving: src.queue.Reserving(), actor: a}
	switch {
	case s.refuses == everyone || s.refuses == outsiders && a == nil:
		c.gate = s.gate
	case s.refuses == outsiders:
		c.gate = s.hard
	}
	return c
}

var (
	accepted = targets.Reply{Outcome: ledger.Accepted}
	refused  = targets.Reply{Outcome: ledger.Refused, Cause: ledger.Closed}
)

// Do implements targets.Client: it sends m into the client's Stage-1 queue.
func (c *client) Do(t *world.Task, m targets.Message) targets.Reply {
	if c.actor != nil {
		c.actor.sending.Store(t, 1)
	}
	c.s.work.add(t, 1)
	reply := c.send(t, m)
	if reply != accepted {
		c.s.work.done(t, 1)
	}
	if c.actor != nil {
		c.actor.sending.Store(t, 0)
		c.actor.refused = c.actor.refused || reply != accepted
	}
	return reply
}

// send asks the gate, waits for a slot, asks again, and sends. The second question is there because the
// wait may have been long; between it and the send there is nothing but time.
func (c *client) send(t *world.Task, m targets.Message) targets.Reply {
	if c.gate.isShut(t) {
		return refused
	}
	permit, err := c.reserve(t)
	if err != nil {
		return refused
	}
	defer permit.Release(t) // after the send it does nothing; a handler may be aborted in the window
	if c.gate.isShut(t) {
		return refused
	}
	c.s.windows.send.Pass(t)
	permit.Send(t, m)
	return accepted
}

// reserve waits for a slot, and for the gate where the design wakes senders that wait.
func (c *client) reserve(t *world.Task) (prim.Permit[targets.Message], error) {
	if !c.s.wakes {
		return c.queue.Reserve(t)
	}
	if t.Select(c.gate.token, c.reserving) == 0 {
		return prim.Permit[targets.Message]{}, prim.ErrClosed
	}
	return c.reserving.Result()
}

// Close implements targets.Client. What was accepted stays in the queue.
func (c *client) Close(*world.Task) {}
