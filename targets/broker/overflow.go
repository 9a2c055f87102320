package broker

import (
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
	"github.com/racebench/racebench/targets"
)

// overflow stops an actor whose mailbox is full, as the policy fail has it. The shared broadcast gets
// one order for every overflow.
func (b *broker) overflow(t *world.Task, a *actor, m targets.Message, draining bool) {
	fate := stoppedByPolicy
	if draining {
		fate = overflowedInDrain
	}
	b.s.discard(a.discard(m.ID, stationMailbox, fate.cause(), true, draining))
	b.s.work.done(t, 1)
	first := a.told.CompareAndSwap(t, 0, 1)
	if first {
		b.s.probe.Unsubscribed(a.lane, draining)
	}
	o := order{kind: stopActor, lane: a.lane, draining: draining}
	if !b.s.direct {
		b.s.broadcast.Send(t, o)
		return
	}
	b.forget(a)
	if first {
		a.orders.tell(t, o)
	}
}

// tooLate deals with an event for an actor that has left. One that the policy stopped before the drain
// need not receive anything, and is not asked again.
func (b *broker) tooLate(t *world.Task, a *actor, m targets.Message) {
	b.s.work.done(t, 1)
	f := fate(a.fate.Get())
	if f == stoppedByPolicy {
		b.forget(a)
		return
	}
	b.s.discard(a.discard(m.ID, stationMailbox, f.causeAfter(), f.policy(), f.draining(b.s)))
}

// awaitRoom waits for every full mailbox that the event in hand is meant for. The broker does nothing
// else meanwhile.
func (b *broker) awaitRoom(t *world.Task, m targets.Message) {
	for _, a := range b.full {
		b.awaitMailbox(t, a, m)
	}
	b.full = b.full[:0]
}

func (b *broker) awaitMailbox(t *world.Task, a *actor, m targets.Message) {
	b.spent = 0 // a task that really waits starts over with its budget
	room := a.room[b.number]
	if b.s.limited {
		if t.Select(b.s.hard.token, room) == 0 {
			b.cut = true
			return // the supervisor finds it in awaited and gives it back
		}
	} else {
		t.Await(room)
	}
	permit, err := room.Result()
	a.awaited[b.number].Set(0)
	if err == prim.ErrClosed {
		b.tooLate(t, a, m)
		return
	}
	permit.Send(t, m)
}
