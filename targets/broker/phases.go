package broker

import (
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
	"github.com/racebench/racebench/targets"
)

// stopInPhases is two-phase's stop. Phase one refuses producers and lets everything else go on until no
// event is left; phase two closes. A deadline ends phase one with what it has come to, and what is left
// then is given back. It returns how many messages that were, and at least how many tasks were on their way.
func (s *server) stopInPhases(t *world.Task) (ledger.DrainEnd, int64) {
	s.gate.shut(t)
	if !s.started() {
		s.start(t)
	}
	s.work.gateShut(t)
	last, moving := finishUp, int64(0)
	if !s.awaitWork(t) {
		last, moving = stopNow, t.Moving()
		s.hard.shut(t)
	}
	s.windows.stopBroker.Pass(t)
	for _, b := range s.brokers {
		b.orders.tell(t, order{kind: stopBroker, broker: b.number})
	}
	for _, b := range s.brokers {
		s.awaitBroker(t, b)
	}
	for _, a := range s.actors {
		a.orders.tell(t, order{kind: last})
		if last == stopNow && a.sending.Load(t) == 0 {
			// A handler that sends is told by the gate and returns; any other may wait for anything.
			a.task.Abort(t)
		}
	}
	s.err = s.joinCut(t)
	left := s.giveBack(t)
	if left > 0 || last == stopNow {
		return ledger.DrainDeadline, max(left, moving)
	}
	return ledger.DrainReturned, 0
}

// awaitWork waits until no event is left. It returns false when the deadline came first.
func (s *server) awaitWork(t *world.Task) bool {
	if s.deadline == 0 {
		t.Await(s.work.none)
		return true
	}
	timer := s.w.NewTimer("the drain's deadline")
	timer.Idle, timer.Timely = s.idleDeadline, s.idleDeadline
	timer.Set(s.deadline)
	defer timer.Stop()
	return t.Select(s.work.none, timer) == 0
}

// joinCut waits for every actor. One that the deadline has aborted ended as it should.
func (s *server) joinCut(t *world.Task) error {
	var first error
	for _, a := range s.actors {
		err := t.Join(a.task)
		switch {
		case err == world.ErrAborted:
			a.fate.Set(int64(cutShort))
			err = nil
		case err == nil:
			err = a.err
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// giveBack returns to its owner, by id, every message that is still inside. Tasks that could move one
// have ended, but for producers that hold a permit: a closed queue ends when the last one is used.
func (s *server) giveBack(t *world.Task) int64 {
	var left int64
	give := func(d targets.Discard) {
		d.Cause, d.Returned, d.Draining = drainDeadline, true, true
		s.discard(d)
		left++
	}
	for _, src := range s.sources {
		src.queue.Close(t)
		for m, ok := src.queue.Recv(t); ok; m, ok = src.queue.Recv(t) {
			give(targets.Discard{Msg: m.ID, Lane: -1, Station: stationStage1, Where: src.where})
		}
	}
	for _, a := range s.actors {
		a.mailbox.Close(t)
		for m, state := a.mailbox.TryRecv(t); state == prim.Got; m, state = a.mailbox.TryRecv(t) {
			give(targets.Discard{Msg: m.ID, Lane: a.lane, Station: stationMailbox, Where: a.where})
		}
		giveNoted := func(note *world.Note, station string) {
			if id := note.Get(); id != 0 {
				note.Set(0)
				give(targets.Discard{Msg: ledger.MsgID(id), Lane: a.lane, Station: station, Where: a.where})
			}
		}
		giveNoted(&a.inHand, stationHandler)
		for i := range a.awaited {
			giveNoted(&a.awaited[i], stationBroker)
		}
	}
	return left
}
