package gateway

import (
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
)

// receive is the dispatcher's task.
func (n *tunnel) receive(t *world.Task) {
	for n.s.await(t, n.receiving) {
		p, ok := n.receiving.Result()
		if !ok {
			return
		}
		if p.kind == flush {
			n.flushed.Cancel(t)
			continue
		}
		n.deliver(t, p)
	}
}

// deliver passes a parcel on to the entry that it is for.
func (n *tunnel) deliver(t *world.Task, p parcel) {
	b := n.bucketOf(p.id)
	if !n.s.lock(t, b.lock) {
		n.lost(p, causeExit)
		return
	}
	e := b.arrived(t, p)
	switch {
	case e == nil:
		b.lock.Unlock(t)
		n.lost(p, causeNoSocket)
		return
	case p.kind == pong:
		b.lock.Unlock(t)
		e.unpinged.Set(0)
		return
	}
	if p.kind == push {
		e.size.Set(p.msg.Size)
		if e.lane != p.lane {
			n.lost(p, causeCrossed)
		}
	}
	if n.s.dispatch == unlockedAwait {
		b.lock.Unlock(t)
		n.awaitRoom(t, e, p)
		return
	}
	defer b.lock.Unlock(t)
	if n.s.dispatch == boundedAwait {
		n.awaitRoom(t, e, p)
		return
	}
	switch err := e.queue.TrySend(t, p); {
	case err == nil:
	case err == prim.ErrClosed:
		n.lost(p, causeNoSocket)
	case n.s.dispatch == tryDrop:
		n.lost(p, causeDropped)
	default:
		n.overload(t, e, p)
	}
}

// awaitRoom puts a parcel into a queue when there is room, however long that takes.
func (n *tunnel) awaitRoom(t *world.Task, e *entry, p parcel) {
	if !n.s.await(t, e.room) {
		n.lost(p, causeExit)
		return
	}
	permit, err := e.room.Result()
	if err != nil {
		n.lost(p, causeNoSocket)
		return
	}
	permit.Send(t, p)
}

// overload closes the one socket whose queue is full. What it was still to get is given up, which its
// client is told by the close code: before the drain that is the policy, in the drain it is given back.
func (n *tunnel) overload(t *world.Task, e *entry, p parcel) {
	if e.policy.Get() != 0 {
		n.overflow(e, p) // its tunnel was declared dead, and it is about to go
		return
	}
	draining := n.s.draining.Load(t) != 0
	when := int64(overloadedBefore)
	if draining {
		when = overloadedInDrain
	}
	e.policy.Set(when)
	if !draining && e.listens {
		n.s.probe.Unsubscribed(e.lane, false)
	}
	n.noteQueue(e)
	n.overflow(e, p)
	e.queue.Drop(t, func(p parcel) { n.overflow(e, p) })
	e.end(t, overloaded)
	n.s.tasks.Go(t, "closer of "+e.name, e.closeLate(n.s))
}

// overflow accounts for a message that its socket was closed before.
func (n *tunnel) overflow(e *entry, p parcel) {
	if p.kind == push {
		n.s.discard(n.s.forgone(p.msg.ID, e, stationQueue))
	}
}

// closeLate is the task that cuts an overloaded socket whose client does not take part in the closing.
func (e *entry) closeLate(s *server) func(t *world.Task) {
	return func(t *world.Task) {
		timer := s.w.NewTimer("the closing of " + e.name)
		timer.Idle = true
		timer.Set(s.linger)
		defer timer.Stop()
		if t.Select(s.dead, e.over, timer) < 2 || !s.await(t, e.upgraded) {
			return
		}
		e.socket.Cut(t)
	}
}

// lost accounts for a parcel that reaches nobody.
func (n *tunnel) lost(p parcel, cause string) {
	if p.kind != push {
		return
	}
	if cause == causeExit {
		n.s.lose(p.msg.ID, p.lane, stationSubject, "the subject")
		return
	}
	n.s.miss(p, cause)
}
