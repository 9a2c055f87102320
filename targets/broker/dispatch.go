package broker

import (
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
	"github.com/racebench/racebench/targets"
)

// A brokerState is what a broker's task has come to, for the inventory.
type brokerState int64

const (
	notStarted brokerState = iota
	running
	stoppedReading // told to stop, it has read for the last time
	overrun        // it lost orders and ended
)

// A broker passes events from its Stage-1 queues on to mailboxes. One task runs it.
type broker struct {
	s         *server
	number    int // its index among the server's brokers
	name      string
	task      *world.Task
	lock      *world.Mutex // held while it runs, in designs that join by it
	merge     *prim.Merge[targets.Message]
	receiving *prim.Merging[targets.Message]
	orders    inbox
	state     world.Note // a brokerState

	seen   int64 // the registry's version that routes are of
	routes [topics][]*actor
	full   []*actor // whose mailbox the event in hand waits for
	spent  int      // of the cooperative budget since the task last waited
	// cut says that the drain's deadline has ended a wait for room: what is read after that would have
	// no place to be found in, so nothing is.
	cut bool
}

// stale is a version that the registry never has.
const stale = -1

func newBroker(s *server, number int, name string) *broker {
	b := &broker{
		s: s, number: number, name: name,
		lock:  s.w.NewMutex("the lock of the " + name),
		merge: prim.NewMerge[targets.Message](s.w, "the merged queues"),
	}
	b.receiving = b.merge.Receiving()
	b.orders = s.newInbox("orders of the " + name)
	return b
}

// run is the broker's task.
func (b *broker) run(t *world.Task) {
	b.state.Set(int64(running))
	b.s.windows.lock.Pass(t)
	if b.s.join == byLock {
		b.lock.Lock(t)
		defer b.lock.Unlock(t)
	}
	if !b.serve(t) {
		b.state.Set(int64(overrun))
		b.s.probe.Mark(b.name, "ended: it fell behind on its orders", 0)
		return
	}
	b.s.windows.lastPoll.Pass(t)
	b.readTail(t)
	b.state.Set(int64(stoppedReading))
	b.awaitMailboxes(t)
}

// serve passes events on until the broker is told to stop. It returns false when orders were lost.
func (b *broker) serve(t *world.Task) bool {
	for {
		o, got, err := b.orders.try(t)
		if got || err != nil {
			if on, ok := b.obey(o, err); !on {
				return ok
			}
			continue
		}
		if b.cut {
			t.Await(b.orders.op)
			if on, ok := b.obey(b.orders.result()); !on {
				return ok
			}
			continue
		}
		m, state := b.merge.TryRecv(t)
		if state == prim.Got {
			b.spend()
			b.dispatch(t, m)
			continue
		}
		b.spent = 0
		if t.Select(b.orders.op, b.receiving) == 0 {
			if on, ok := b.obey(b.orders.result()); !on {
				return ok
			}
			continue
		}
		if m, ok := b.receiving.Result(); ok {
			b.spend()
			b.dispatch(t, m)
		}
	}
}

// obey says whether the broker goes on, and if not, whether it was told to stop.
func (b *broker) obey(o order, err error) (on, told bool) {
	switch {
	case err != nil:
		return false, false
	case o.kind == stopBroker && o.broker == b.number:
		return false, true
	case o.kind == stopActor && !o.draining:
		// What an actor misses that was stopped in the drain is still accounted for, event by event.
		for _, route := range b.routes {
			for _, a := range route {
				if a.lane == o.lane {
					b.forget(a)
				}
			}
		}
	}
	return true, false
}

// forget takes an actor out of the routes for good.
func (b *broker) forget(a *actor) {
	a.forgotten[b.number] = true
	b.seen = stale
}

// spend counts an event against the cooperative budget. A run loop that has used it up yields and
// starts over.
func (b *broker) spend() {
	b.spent++
	if b.s.budget > 0 && b.spent >= b.s.budget {
		b.spent = 0
	}
}

// refresh reads the registry again when somebody has connected.
func (b *broker) refresh(t *world.Task) {
	v := b.s.version.Load(t)
	if v == b.seen {
		return
	}
	b.s.registry.Lock(t)
	defer b.s.registry.Unlock(t)
	b.seen = v
	for topic := range b.routes {
		b.routes[topic] = b.routes[topic][:0]
		for _, a := range b.s.actors {
			if a.topics&(1<<topic) != 0 && !a.forgotten[b.number] {
				b.routes[topic] = append(b.routes[topic], a)
			}
		}
	}
}

// dispatch passes one event on to everyone who subscribes to its topic, but for its sender.
func (b *broker) dispatch(t *world.Task, m targets.Message) {
	b.refresh(t)
	route := b.routes[m.Topic%topics]
	sender := m.ID.Lane()
	n := b.readers(route, sender)
	if n == 0 {
		b.s.work.done(t, 1)
		return
	}
	b.s.work.add(t, n-1) // the event's own count is one of them
	draining := b.s.draining.Load(t) != 0
	for _, a := range route {
		if a.lane == sender {
			continue
		}
		if err := a.mailbox.TrySend(t, m); err != nil {
			b.unsent(t, a, m, err, draining)
		}
	}
	b.awaitRoom(t, m)
}

// readers counts who an event goes to.
func (b *broker) readers(route []*actor, sender int) int {
	n := 0
	for _, a := range route {
		if a.lane != sender {
			n++
		}
	}
	return n
}

// unsent deals with an event that did not get into a mailbox.
func (b *broker) unsent(t *world.Task, a *actor, m targets.Message, err error, draining bool) {
	switch {
	case err == prim.ErrClosed:
		b.tooLate(t, a, m)
	case b.s.policy == block || b.s.patient && draining:
		a.awaited[b.number].Set(int64(m.ID))
		b.full = append(b.full, a)
	case b.s.policy == drop:
		cause := policyDrop
		if draining {
			cause = overflowInDrain
		}
		b.s.discard(a.discard(m.ID, stationMailbox, cause, true, draining))
		b.s.work.done(t, 1)
	default:
		b.overflow(t, a, m, draining)
	}
}
