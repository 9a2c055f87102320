package broker

import (
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
)

// An orderKind says what the tasks of the server tell each other.
type orderKind uint8

const (
	stopActor   orderKind = iota // the actor of that lane is to leave: its mailbox overflowed
	stopRuntime                  // actors are to leave
	stopBroker                   // the broker of that number is to end
	finishUp                     // actors are to empty their mailbox and leave
	stopNow                      // actors are to leave, and to leave their mailbox as it is
)

// An order is one of them.
type order struct {
	kind     orderKind
	lane     int  // of stopActor
	broker   int  // of stopBroker
	draining bool // of stopActor: stop had begun when it was decided
}

// An inbox is where a task receives its orders: a subscription to the broadcast that everybody shares,
// which can be overrun, or a queue of its own, which cannot.
type inbox struct {
	shared    *prim.Subscription[order]
	listening *prim.Listening[order]
	own       *prim.Queue[order]
	receiving *prim.Receiving[order]
	op        world.Awaitable // the receive, for a Select
}

func (s *server) newInbox(name string) inbox {
	if s.direct {
		q := prim.NewQueue[order](s.w, name, 0)
		i := inbox{own: q, receiving: q.Receiving()}
		i.op = i.receiving
		return i
	}
	sub := s.broadcast.Subscribe(name)
	i := inbox{shared: sub, listening: sub.Receiving()}
	i.op = i.listening
	return i
}

// result returns what the Select on op has received. An error says that orders were lost.
func (i *inbox) result() (order, error) {
	if i.shared != nil {
		return i.listening.Result()
	}
	o, _ := i.receiving.Result()
	return o, nil
}

// try returns the next order if there is one now.
func (i *inbox) try(t *world.Task) (o order, got bool, err error) {
	if i.shared != nil {
		v, state, err := i.shared.TryRecv(t)
		return v, state == prim.Got, err
	}
	v, state := i.own.TryRecv(t)
	return v, state == prim.Got, nil
}

// tell gives an order of its own to one task. A direct inbox is unbounded and never closed, because a
// task is told at most a few things in its life.
func (i *inbox) tell(t *world.Task, o order) { _ = i.own.TrySend(t, o) }
