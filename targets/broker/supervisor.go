package broker

import (
	"errors"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
)

// errOverrun is what the server ends with when its supervisor has lost orders.
var errOverrun = errors.New("the supervisor fell behind on its orders and aborted the actors")

// supervise is the supervisor's task: start, serve until a signal, stop.
func (s *server) supervise(t *world.Task) {
	defer s.signals.Stop()
	if s.boots(t) {
		s.start(t)
		if !s.serve(t) {
			s.collapse(t)
			return
		}
	}
	s.signals.Take()
	s.stop(t)
}

// boots waits until it is time to start. It returns false when a signal comes first.
func (s *server) boots(t *world.Task) bool {
	if s.boot == 0 {
		return true
	}
	timer := s.w.NewTimer("the start")
	timer.Set(s.boot)
	return t.Select(s.signals, timer) == 1
}

// serve waits for a signal. It returns false when the supervisor has lost orders.
func (s *server) serve(t *world.Task) bool {
	for t.Select(s.signals, s.orders.op) == 1 {
		if _, err := s.orders.result(); err != nil {
			return false
		}
	}
	return true
}

// collapse is what a supervisor does that has lost orders: it ends, and with it whatever it had started
// is aborted. Nobody has asked for that.
func (s *server) collapse(t *world.Task) {
	s.probe.Mark("supervisor", "ended: it fell behind on its orders", 0)
	s.err = errOverrun
	s.registry.Lock(t)
	defer s.registry.Unlock(t)
	s.stopping = true
	for _, a := range s.actors {
		a.fate.Set(int64(aborted))
		a.task.Abort(t)
		a.drop(t, aborted) // the mailbox goes with the task
	}
}

// stop ends the server as its recipe says.
func (s *server) stop(t *world.Task) {
	s.probe.Draining(t)
	s.windows.signal.Pass(t)
	s.registry.Lock(t)
	s.stopping = true
	s.registry.Unlock(t)
	s.begun.Set(1)
	s.draining.Store(t, 1)
	if s.tail == finishWork {
		how, left := s.stopInPhases(t)
		s.probe.Drained(t, how, left)
		return
	}
	s.err = s.stopAtOnce(t)
	how := ledger.DrainReturned
	if s.err != nil {
		how = ledger.DrainFailed
	}
	s.probe.Drained(t, how, 0)
}

// stopAtOnce is the stop of every design but two-phase: brokers first, one after the other, then actors.
func (s *server) stopAtOnce(t *world.Task) error {
	if s.refuses != nobody {
		s.gate.shut(t)
	}
	if s.tail == readyOnly {
		s.awaitOwnQueue(t)
	}
	brokers := s.brokers
	switch ran := s.started(); {
	case !ran && s.early == startsFirst:
		s.start(t)
	case !ran && s.early == dropStage1:
		brokers = nil
		s.dropSources(t)
		s.barrier.Cancel(t)
	}
	s.windows.stopBroker.Pass(t)
	for _, b := range brokers {
		s.broadcast.Send(t, order{kind: stopBroker, broker: b.number})
		s.awaitBroker(t, b)
	}
	s.broadcast.Send(t, order{kind: stopRuntime})
	return s.joinActors(t)
}

// dropSources closes Stage 1 for good: nobody will ever read it. Whoever waits for room in it is refused.
func (s *server) dropSources(t *world.Task) {
	for _, src := range s.sources {
		src.queue.Close(t)
	}
}

// awaitOwnQueue is the old drain's only look at Stage 1: at the first of the server's own queues, which
// nobody uses.
func (s *server) awaitOwnQueue(t *world.Task) {
	q := s.sources[0].queue
	for waited := pollEvery; q.Len() > 0 && waited <= s.grace; waited += pollEvery {
		t.Sleep(pollEvery)
	}
}

// awaitBroker waits for a broker's end. A lock is free before its holder has begun, too.
func (s *server) awaitBroker(t *world.Task, b *broker) {
	if s.join == byLock {
		b.lock.Lock(t)
		b.lock.Unlock(t)
		return
	}
	_ = t.Join(b.task) // a panic of its own is recorded where it happens
}

// joinActors waits for every actor and returns the first error that ended one.
func (s *server) joinActors(t *world.Task) error {
	var first error
	for _, a := range s.actors {
		err := t.Join(a.task)
		if err == nil {
			err = a.err
		}
		if first == nil {
			first = err
		}
	}
	return first
}
