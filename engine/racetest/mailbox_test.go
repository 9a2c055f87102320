package racetest_test

import (
	"fmt"
	"syscall"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
	"github.com/racebench/racebench/targets"
)

// Mailbox is about the smallest server that can lose something: a queue, and a task that hands messages on.
func Mailbox() targets.Target {
	return targets.Target{Start: startMailbox, Card: targets.Card{
		Name: "mailbox", Summary: "one queue, one task", Reference: "drains",
		Variants: []targets.Variant{
			{Name: "drains", Verdict: "reference", Summary: "hands on what is in the queue, then stops"},
			{Name: "forgets", Verdict: "mutation", Summary: "stops at once", Breaches: []string{"no-lost-message"}},
		},
		Ops: []targets.OpInfo{
			{Name: "publish", Summary: "send a message", Accepts: true},
			{Name: "subscribe", Summary: "receive messages", Subscribes: true, Topics: 1},
		},
		Promises:    []string{"no-lost-message", "in-order", "every-call-returns", "drain-ends", "process-survives", "no-leak"},
		StopSignals: []syscall.Signal{syscall.SIGTERM},
	}}
}

func startMailbox(t *world.Task, h targets.Host, variant string) (targets.Instance, error) {
	s := &mailbox{
		h: h, signals: h.World.Subscribe(syscall.SIGTERM), lock: h.World.NewMutex("the readers"),
		queue: prim.NewQueue[targets.Message](h.World, "the queue", 16),
	}
	s.task = t.Go("postman", func(t *world.Task) { s.serve(t, variant == "drains") })
	return s, nil
}

type mailbox struct {
	h       targets.Host
	signals *world.Signals
	queue   *prim.Queue[targets.Message]
	task    *world.Task
	lock    *world.Mutex
	readers []targets.Role
}

func (s *mailbox) serve(t *world.Task, drains bool) {
	next := s.queue.Receiving()
	for t.Select(s.signals, next) == 1 {
		m, _ := next.Result()
		s.deliver(t, m)
	}
	s.signals.Take()
	s.h.Probe.Draining(t)
	s.queue.Close(t)
	for drains {
		m, ok := s.queue.Recv(t)
		if !ok {
			break
		}
		s.deliver(t, m)
	}
	s.h.Probe.Drained(t, ledger.DrainReturned, 0)
}

func (s *mailbox) deliver(t *world.Task, m targets.Message) {
	t.Sleep(time.Millisecond) // so that the queue is full when it counts
	s.lock.Lock(t)
	readers := s.readers
	s.lock.Unlock(t)
	for _, r := range readers {
		_ = r.Handle(t, m)
	}
}

// Dial implements targets.Instance.
func (s *mailbox) Dial(t *world.Task, r targets.Role) (targets.Client, error) {
	if r.Handle != nil {
		s.lock.Lock(t)
		s.readers = append(s.readers, r)
		s.lock.Unlock(t)
	}
	return sender{s}, nil
}

// Wait implements targets.Instance.
func (s *mailbox) Wait(t *world.Task) error {
	if err := t.Join(s.task); err != nil {
		return fmt.Errorf("postman: %w", err)
	}
	return nil
}

// Inventory implements targets.Instance.
func (s *mailbox) Inventory() {
	s.queue.Each(func(m targets.Message) {
		s.h.Probe.Discard(targets.Discard{Msg: m.ID, Lane: -1, Station: "queue", Cause: "stopped", Where: "the queue", Draining: true})
	})
}

type sender struct{ s *mailbox }

// Do implements targets.Client.
func (c sender) Do(t *world.Task, m targets.Message) targets.Reply {
	if c.s.queue.Send(t, m) != nil {
		return targets.Reply{Outcome: ledger.Refused, Cause: ledger.Closed}
	}
	return targets.Reply{Outcome: ledger.Accepted}
}

// Close implements targets.Client.
func (sender) Close(*world.Task) {}
