package gateway

import (
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// A handling is one request in the handler's hands. Each of its waits is a place where the handler may be
// dropped, because its client has hung up: it returns there, what would follow is skipped, and its guard
// runs all the same.
type handling struct {
	s    *server
	x    Exchange
	q    Request
	door Door
	slot *slot
}

// serveDoor is what the core does with the requests of a door.
func (s *server) serveDoor(door Door) Serve {
	return func(t *world.Task, x Exchange) {
		h := &handling{s: s, x: x, q: x.Request(), door: door}
		h.serve(t)
	}
}

func (h *handling) serve(t *world.Task) {
	switch h.s.limiter.admit(t, h.q.From) {
	case limited:
		_ = h.x.Respond(t, Response{Status: StatusRateLimited, ID: h.q.ID}) // a client that is gone needs no answer
		return
	case tooLate:
		h.s.loseAnswer(h.q)
		return
	}
	h.slot = &slot{s: h.s, door: h.door, from: h.q.From}
	if h.q.Upgrade {
		h.upgrade(t)
		return
	}
	defer h.slot.drop(t)
	if h.proxy(t) {
		h.slot.atTail(t)
	}
}

// proxy passes a request to its actor and the answer back. It returns false when the handler was dropped.
func (h *handling) proxy(t *world.Task) bool {
	e := h.s.tunnel.open(t, h.q)
	if e == nil {
		return h.noEntry(t)
	}
	done := h.exchange(t, e)
	h.s.tunnel.shut(t, e)
	return done
}

// noEntry answers a request for which the tunnel has no id.
func (h *handling) noEntry(t *world.Task) bool {
	if h.s.dead.Try() {
		h.s.loseAnswer(h.q)
		return false
	}
	return h.x.Respond(t, Response{Status: StatusRateLimited, ID: h.q.ID}) == nil
}

func (h *handling) exchange(t *world.Task, e *entry) bool {
	s := h.s
	s.ask(t, e, h.q)
	limit := s.w.NewTimer("the actor's answer")
	limit.Idle = true
	limit.Set(s.timeout)
	defer limit.Stop()
	receiving := e.queue.Receiving()
	switch t.Select(s.dead, h.x.Gone(), receiving, limit) {
	case 0:
		s.loseAnswer(h.q)
		return false
	case 1:
		if s.dead.Try() {
			s.loseAnswer(h.q)
		}
		return false
	case 3:
		return h.x.Respond(t, Response{Status: StatusTimeout, ID: h.q.ID}) == nil
	}
	p, ok := receiving.Result()
	if !ok {
		return false
	}
	s.insert(t, h.door, h.q)
	h.slot.early(t)
	return h.x.Respond(t, Response{Status: StatusOK, ID: p.msg.ID}) == nil
}

// ask has an actor answer a request through the tunnel. Whoever made it may be gone before the answer comes.
func (s *server) ask(t *world.Task, e *entry, q Request) {
	e.hold(t) // it is in its handler's hands, and not on its way out
	answer := parcel{kind: reply, id: e.id, msg: targets.Message{ID: q.ID, Topic: topicRequest, Size: q.Size}}
	if s.work == 0 {
		s.fairness.done(s, q.Lane)
		s.tunnel.publish(t, answer)
		return
	}
	s.tasks.Go(t, "actor for "+q.Name, func(t *world.Task) {
		if s.sleep(t, s.work) {
			s.fairness.done(s, q.Lane)
			s.tunnel.publish(t, answer)
		}
	})
}

// insert notes an answered request in every analytics store, on a task of its own.
func (s *server) insert(t *world.Task, door Door, q Request) {
	stores := s.listenersOf(t, &s.stores)
	if len(stores) == 0 {
		return
	}
	m := targets.Message{ID: q.ID, Topic: topicRequest, Size: q.Size}
	s.spawnTail(t, door, "analytics of "+q.Name, func(t *world.Task) {
		for _, store := range stores {
			if s.dead.Cancelled(t) || !s.sleep(t, s.insertTime) {
				s.lose(q.ID, store.lane, stationAnalytics, store.name)
				continue
			}
			_ = store.handle(t, m) // the store's own error is not the gateway's
		}
	})
}

// upgrade answers a request for a WebSocket and leaves it to a relay.
func (h *handling) upgrade(t *world.Task) {
	s, g := h.s, h.s.groups[h.door]
	if !g.claim(t) {
		_ = h.x.Respond(t, Response{Status: StatusUnavailable, ID: h.q.ID, Last: true})
		h.slot.give(t)
		return
	}
	e := s.tunnel.open(t, h.q)
	if e == nil {
		h.noEntry(t)
		g.unclaim(t)
		h.slot.drop(t)
		return
	}
	socket, err := h.x.Upgrade(t)
	if err != nil {
		s.tunnel.shut(t, e)
		g.unclaim(t)
		h.slot.drop(t)
		return
	}
	h.slot.early(t)
	r := newRelay(s, h.q, socket, e, h.slot)
	g.start(t, "relay of "+h.q.Name, r.run)
}
