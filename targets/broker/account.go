package broker

import (
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/targets"
)

// Stations: where a message was last seen. With the causes below they are the classes of breaches, and
// so do not change.
const (
	stationStage1  = "stage1"  // in a Stage-1 queue
	stationBroker  = "broker"  // in the broker's hand, waiting for room in a mailbox
	stationMailbox = "mailbox" // in a mailbox, or at its door
	stationHandler = "handler" // in the hand of an actor's handler
)

// Causes that are not an actor's fate.
const (
	policyDrop       = "policy-drop"
	overflowInDrain  = "overflow-in-drain"
	actorGone        = "actor-gone"
	drainDeadline    = "drain-deadline"
	drainUnfinished  = "drain-unfinished"
	stillServing     = "still-serving"
	brokerNotStarted = "broker-never-started"
	brokerStopped    = "broker-stopped-reading"
	brokerOverrun    = "broker-missed-commands"
	budgetSpent      = "coop-budget-spent"
	sentPastGate     = "sent-past-gate"
)

// A fate is how an actor ended.
type fate int64

const (
	alive             fate = iota
	finishing              // it empties its mailbox
	stopped                // with the runtime
	stoppedByPolicy        // its mailbox overflowed while the broker served
	overflowedInDrain      // its mailbox overflowed while the broker drained
	killedByRefusal        // its handler had an event refused
	handlerFailed          // its handler failed for a reason of its own
	lagged                 // it lost orders
	aborted                // with the supervisor, which lost orders
	cutShort               // by the drain's deadline
)

var fateCauses = [...]string{
	alive: drainUnfinished, finishing: drainUnfinished, stopped: "actor-stopped", stoppedByPolicy: "policy-stop",
	overflowedInDrain: overflowInDrain, killedByRefusal: "actor-killed-by-refused-child",
	handlerFailed: "actor-killed-by-handler", lagged: "actor-missed-commands", aborted: "actor-aborted",
	cutShort: drainDeadline,
}

// cause is why what an actor had in its mailbox when it ended was not handled.
func (f fate) cause() string { return fateCauses[f] }

// causeAfter is why what came later was not handled.
func (f fate) causeAfter() string {
	if f == stopped {
		return actorGone
	}
	return f.cause()
}

// policy says whether the overflow policy ended the actor.
func (f fate) policy() bool { return f == stoppedByPolicy || f == overflowedInDrain }

// draining says whether the decision that ended the actor was made in the drain.
func (f fate) draining(s *server) bool { return f != stoppedByPolicy && s.begun.Get() != 0 }

func (s *server) discard(d targets.Discard) { s.probe.Discard(d) }

// discard describes a message that was meant for the actor.
func (a *actor) discard(id ledger.MsgID, station, cause string, policy, draining bool) targets.Discard {
	return targets.Discard{
		Msg: id, Lane: a.lane, Station: station, Cause: cause, Where: a.where, Policy: policy, Draining: draining,
	}
}

// Inventory implements targets.Instance. The server's own lists are complete by then: nobody connects
// to a server that has stopped or is given up.
func (s *server) Inventory() {
	for _, src := range s.sources {
		s.countSource(src)
	}
	for _, a := range s.actors {
		s.countActor(a)
	}
	s.gauges()
}

func (s *server) countSource(src *source) {
	cut, i := src.cut.Get(), int64(0)
	src.queue.Each(func(m targets.Message) {
		s.discard(targets.Discard{
			Msg: m.ID, Lane: -1, Station: stationStage1, Cause: src.cause(i < cut), Where: src.where,
			Draining: s.begun.Get() != 0,
		})
		i++
	})
}

// cause is why nobody read an event that is still in the queue.
func (src *source) cause(beforeCut bool) string {
	s := src.broker.s
	switch brokerState(src.broker.state.Get()) {
	case notStarted:
		return brokerNotStarted
	case overrun:
		return brokerOverrun
	case running:
		return s.unfinished()
	}
	switch {
	case beforeCut:
		return budgetSpent
	case s.refuses == everyone:
		return sentPastGate
	}
	return brokerStopped
}

// unfinished is why something is still where work goes on.
func (s *server) unfinished() string {
	if s.begun.Get() != 0 {
		return drainUnfinished
	}
	return stillServing
}

func (s *server) countActor(a *actor) {
	f := fate(a.fate.Get())
	cause := f.cause()
	if f == alive {
		cause = s.unfinished()
	}
	draining := f.draining(s)
	a.mailbox.Each(func(m targets.Message) {
		s.discard(a.discard(m.ID, stationMailbox, cause, f.policy(), draining))
	})
	if id := a.inHand.Get(); id != 0 {
		s.discard(a.discard(ledger.MsgID(id), stationHandler, cause, false, draining))
	}
	for i := range a.awaited {
		if id := a.awaited[i].Get(); id != 0 {
			s.discard(a.discard(ledger.MsgID(id), stationBroker, s.unfinished(), false, s.begun.Get() != 0))
		}
	}
}

// gauges reports how full the queues ever were, and what must be back at zero.
func (s *server) gauges() {
	var stage1, mailbox, permits int
	for _, src := range s.sources {
		stage1 = max(stage1, src.queue.High())
		permits += src.queue.Outstanding()
	}
	for _, a := range s.actors {
		mailbox = max(mailbox, a.mailbox.High())
		permits += a.mailbox.Outstanding()
	}
	s.probe.Gauge("stage1-high", int64(stage1), int64(s.stage1), false)
	s.probe.Gauge("mailbox-high", int64(mailbox), int64(s.settings.mailbox), false)
	s.probe.Gauge("permits", int64(permits), 0, true)
}
