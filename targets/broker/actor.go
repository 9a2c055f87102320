package broker

import (
	"fmt"

	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
	"github.com/racebench/racebench/targets"
)

// An actor handles what is in its mailbox. One task runs it.
type actor struct {
	s         *server
	lane      int
	name      string
	where     string
	topics    uint64
	mailbox   *prim.Queue[targets.Message]
	receiving *prim.Receiving[targets.Message]
	orders    inbox
	handle    func(t *world.Task, m targets.Message) error
	task      *world.Task

	err     error         // that ended it; its own until the task has ended
	refused bool          // the handler at work had an event refused
	sending *world.Atomic // 1 while the handler sends
	told    *world.Atomic // 1 once the policy has stopped it

	fate   world.Note // a fate
	inHand world.Note // the event that its handler works on; 0 is none
	// What each broker keeps with the actor: the event in its hand that waits for room in the mailbox, the
	// wait itself, and that it passes nothing on to the actor any more.
	awaited   []world.Note
	room      []*prim.Reserving[targets.Message]
	forgotten []bool
}

func newActor(s *server, r targets.Role) *actor {
	where := "mailbox of " + r.Name
	a := &actor{
		s: s, lane: r.Lane, name: r.Name, where: where, handle: r.Handle,
		mailbox: prim.NewQueue[targets.Message](s.w, where, s.mailbox),
		orders:  s.newInbox("orders of " + r.Name),
		sending: s.w.NewAtomic("sends of "+r.Name, 0),
		told:    s.w.NewAtomic("the policy's verdict on "+r.Name, 0),

		awaited:   make([]world.Note, len(s.brokers)),
		room:      make([]*prim.Reserving[targets.Message], len(s.brokers)),
		forgotten: make([]bool, len(s.brokers)),
	}
	for _, op := range card.Ops {
		if op.Name == r.Op {
			a.topics = op.Topics
		}
	}
	a.receiving = a.mailbox.Receiving()
	for i := range a.room {
		a.room[i] = a.mailbox.Reserving()
	}
	return a
}

// run is the actor's task.
func (a *actor) run(t *world.Task) {
	t.Await(a.s.barrier)
	fate := a.serve(t)
	a.fate.Set(int64(fate))
	if fate == cutShort {
		return // the supervisor gives back what is in the mailbox
	}
	a.drop(t, fate)
}

// drop discards what is in the mailbox, now and later.
func (a *actor) drop(t *world.Task, f fate) {
	a.mailbox.Drop(t, func(m targets.Message) {
		a.s.discard(a.discard(m.ID, stationMailbox, f.cause(), f.policy(), f.draining(a.s)))
		a.s.work.done(t, 1)
	})
}

// serve handles events until it is told to stop or a handler fails. Orders come first, but they are
// looked at between batches only.
func (a *actor) serve(t *world.Task) fate {
	for {
		if t.Select(a.orders.op, a.receiving) == 0 {
			fate := a.obey(a.orders.result())
			if fate == alive {
				continue
			}
			if fate == finishing {
				return a.finish(t)
			}
			return fate
		}
		m, ok := a.receiving.Result()
		if !ok {
			return aborted // the supervisor has dropped the mailbox
		}
		if fate := a.batch(t, m); fate != alive {
			return fate
		}
		a.s.windows.actor.Pass(t)
	}
}

// obey says what becomes of the actor after an order.
func (a *actor) obey(o order, err error) fate {
	switch {
	case err != nil:
		a.s.probe.Mark("actor "+a.name, "ended: it fell behind on its orders", 0)
		return lagged
	case o.kind == stopRuntime:
		return stopped
	case o.kind == finishUp:
		return finishing
	case o.kind == stopNow:
		return cutShort
	case o.kind == stopActor && o.lane == a.lane && o.draining:
		return overflowedInDrain
	case o.kind == stopActor && o.lane == a.lane:
		return stoppedByPolicy
	}
	return alive
}

// batch handles an event and more of them while there are some, up to the batch's size.
func (a *actor) batch(t *world.Task, m targets.Message) fate {
	for n := 1; ; n++ {
		if fate := a.work(t, m); fate != alive {
			return fate
		}
		if n == a.s.batch {
			return alive
		}
		var state prim.RecvState
		if m, state = a.mailbox.TryRecv(t); state != prim.Got {
			return alive
		}
	}
}

// finish empties the mailbox.
func (a *actor) finish(t *world.Task) fate {
	a.mailbox.Close(t)
	for m, ok := a.mailbox.Recv(t); ok; m, ok = a.mailbox.Recv(t) {
		if fate := a.work(t, m); fate != alive {
			return fate
		}
	}
	return stopped
}

// work has the handler work on one event. An error of the handler ends the actor, and its end is not
// told to anybody but stop.
func (a *actor) work(t *world.Task, m targets.Message) fate {
	a.inHand.Set(int64(m.ID))
	if a.s.handler > 0 {
		t.Sleep(a.s.handler)
	}
	a.refused = false
	err := a.handle(t, m)
	a.inHand.Set(0)
	a.s.work.done(t, 1)
	switch {
	case err == nil:
		return alive
	case a.s.hard.isShut(t):
		return cutShort
	}
	a.err = fmt.Errorf("actor %s: %w", a.name, err)
	if a.refused {
		return killedByRefusal
	}
	return handlerFailed
}
