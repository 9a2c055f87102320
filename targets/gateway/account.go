package gateway

import (
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/targets"
)

// Stations: where a message is.
const (
	stationHandler   = "handler"   // a request, in its handler's hands
	stationAnalytics = "analytics" // a request that is answered and not noted
	stationSubject   = "subject"   // a push that was published
	stationQueue     = "queue"     // in the queue of its socket
	stationWire      = "wire"      // sent, and not known to be handled
	stationClient    = "client"    // the answer reached a client
)

// Causes: why nobody gets it.
const (
	causeExit     = "cut-by-exit"       // the process ended first
	causeDeadline = "drain-deadline"    // the drain was cut short, and it was given back
	causeOverload = "socket-overloaded" // its socket was closed for being too slow
	causeDropped  = "dropped-when-full"
	causeNoSocket = "socket-gone" // its socket had ended when it came out of the tunnel
	causeGone     = "client-gone"
	causeDeclared = "declared-dead"
	causeCrossed  = "answer-of-another"
	causeServing  = "still-serving"
	causeDraining = "drain-unfinished"
)

// gaugeQueue is how many messages the fullest queue of a socket has held.
const gaugeQueue = "socket-queue-high"

func (s *server) discard(d targets.Discard) { s.probe.Discard(d) }

// missed describes a message that a lane does not get.
func missed(id ledger.MsgID, lane int, station, cause, where string, draining bool) targets.Discard {
	return targets.Discard{Msg: id, Lane: lane, Station: station, Cause: cause, Where: where, Draining: draining}
}

// forgone describes a message that a socket does not get because the gateway closed it of its own accord.
func (s *server) forgone(id ledger.MsgID, e *entry, station string) targets.Discard {
	d := missed(id, e.lane, station, causeOverload, e.name, e.closedInDrain())
	d.Policy, d.Returned = !d.Draining, d.Draining
	if why := e.policy.Get(); why == declaredBefore || why == declaredInDrain {
		d.Cause, d.Policy, d.Returned = causeDeclared, false, d.Draining && s.dispatch == tryClose
	}
	return d
}

// miss accounts for a push whose socket is not there any more.
func (s *server) miss(p parcel, cause string) {
	d := missed(p.msg.ID, p.lane, stationSubject, cause, "the subject", s.begun.Get() != 0)
	switch cause {
	case causeDropped:
		d.Station = stationQueue
	case causeCrossed:
		d.Station = stationClient
	}
	// Where sockets are closed for being slow, whoever is told so is told of everything that follows.
	d.Returned = cause == causeNoSocket && s.dispatch == tryClose && d.Draining
	s.discard(d)
}

// lose accounts for a message that goes with the process. A drain that was cut short gives it back where
// the design does.
func (s *server) lose(id ledger.MsgID, lane int, station, where string) {
	d := missed(id, lane, station, causeExit, where, true)
	if s.returning.Get() != 0 {
		d.Cause, d.Returned = causeDeadline, true
	}
	s.left.Add(1)
	s.discard(d)
}

// loseAnswer accounts for a request that was taken and will not be answered.
func (s *server) loseAnswer(q Request) {
	s.lose(q.ID, q.Lane, stationHandler, "the handler of "+q.Name)
}

// Inventory implements targets.Instance.
func (s *server) Inventory() {
	cause := causeServing
	if s.begun.Get() != 0 {
		cause = causeDraining
	}
	s.tunnel.subject.Each(func(p parcel) {
		if p.kind == push {
			s.discard(missed(p.msg.ID, p.lane, stationSubject, cause, "the subject", s.begun.Get() != 0))
		}
	})
	var entries, abandoned int64
	for _, b := range s.tunnel.buckets {
		entries += int64(len(b.order))
		for _, e := range b.order {
			abandoned += e.abandoned.Get() // the collector's to take out
			s.tunnel.noteQueue(e)
			e.queue.Each(func(p parcel) {
				if p.kind == push {
					s.discard(missed(p.msg.ID, e.lane, stationQueue, cause, e.name, s.begun.Get() != 0))
				}
			})
		}
	}
	s.probe.Gauge(gaugeQueue, s.tunnel.high.Get(), int64(s.queue), false)
	s.probe.Gauge("subject-high", int64(s.tunnel.subject.High()), int64(s.tunnel.subject.Cap()), false)
	s.probe.Gauge("slots-in-use-high", s.limiter.high.Get(), int64(s.slots), false)
	s.probe.Gauge("slots", s.limiter.heldNow.Get()-s.limiter.cut.Get(), 0, true)
	s.probe.Gauge("entries", entries-abandoned-s.tunnel.cut.Get(), 0, true)
	for door, g := range s.groups {
		s.probe.Mark("the task group of "+Door(door).String(), "counted tasks", g.count.Peek())
	}
	if bytes := s.tunnel.bytes.Get(); bytes > 0 {
		s.probe.Gauge(gaugeQueue+ledger.BytesOf, bytes, 0, false)
	}
}
