package gateway

import (
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
)

// patience is how many signals end the drain at once.
const patience = 3

// supervise waits for a signal, has the server drained, and ends the process: when the drain is over, at
// its deadline, or at the third signal.
func (s *server) supervise(t *world.Task) {
	defer s.signals.Stop()
	t.Await(s.signals)
	s.signals.Take()
	s.probe.Draining(t)
	s.windows.signal.Pass(t)
	s.begun.Set(1)
	s.draining.Store(t, 1)
	var waitedFor int64
	how := ledger.DrainReturned
	if !s.awaitDrain(t, t.Go("drain", s.drain)) {
		how = ledger.DrainEnd(s.cutBy.Get())
		waitedFor = t.Moving()
		s.returning.Set(int64(bit(s.limited)))
		for _, g := range s.groups {
			waitedFor += g.count.Peek()
		}
	}
	s.exit(t)
	// A task that had to be cut, or was on its way, counts for a thing that was left, also where it held no message.
	s.probe.Drained(t, how, max(s.left.Get(), waitedFor))
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// awaitDrain returns true when the drain is over, false when it is to be cut short.
func (s *server) awaitDrain(t, drain *world.Task) bool {
	deadline := s.w.NewTimer("the drain's deadline")
	deadline.Idle, deadline.Timely = s.idleDeadline, s.idleDeadline
	if s.deadline > 0 {
		deadline.Set(s.deadline)
		defer deadline.Stop()
	}
	s.cutBy.Set(int64(ledger.DrainSignalled))
	for signals := 1; ; {
		switch t.Select(s.signals, deadline, drain) {
		case 0:
			s.signals.Take()
			if signals++; signals >= patience {
				s.probe.Mark("supervisor", "the third signal: the drain is cut short", int64(signals))
				return drain.Ended()
			}
		case 1:
			s.cutBy.Set(int64(ledger.DrainDeadline))
			return drain.Ended()
		default:
			return true
		}
	}
}

// drain stops the server as its recipe says. It returns when, by its own account, nothing is left to
// wait for.
func (s *server) drain(t *world.Task) {
	for door, l := range s.doors {
		l.StopAccepting(t)
		if s.refusesLate {
			s.groups[door].close(t)
		}
	}
	if s.tellsAway {
		s.tellAway(t)
	}
	s.doors[Plain].Drain(t)
	if s.drainsTLS {
		s.doors[TLS].Drain(t)
	}
	for _, g := range s.groups {
		g.wait(t)
	}
}

// tellAway has sockets finish. Actors are refused first, and what they have pushed is passed on to the
// sockets' queues, so that nothing comes after a socket's Close frame.
func (s *server) tellAway(t *world.Task) {
	s.pushes.close(t)
	s.pushes.wait(t)
	if s.tunnel.publish(t, parcel{kind: flush}) {
		s.await(t, s.tunnel.flushed)
	}
	s.away.Cancel(t)
}

// exit is the end of the process: connections break, and every task goes at its next wait.
func (s *server) exit(t *world.Task) {
	s.dead.Cancel(t)
	for _, l := range s.doors {
		l.Kill(t)
	}
	s.tasks.Close(t)
	s.tasks.Wait(t)
	s.tunnel.empty(t)
	s.net.Close(t)
}
