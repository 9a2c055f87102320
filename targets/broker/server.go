package broker

import (
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
	"github.com/racebench/racebench/targets"
)

// A policy is what the broker does with an event whose subscriber's mailbox is full.
type policy uint8

const (
	fail  policy = iota // stop the subscriber
	drop                // skip the event
	block               // wait for room
)

// policyWords are the policies as the knob names them.
var policyWords = []string{fail: "fail", drop: "drop", block: "block"}

// settings are the knobs, read once.
type settings struct {
	stage1, mailbox, batch, budget int
	crew                           int // brokers for everybody, or for producers where handlers have their own
	handler, boot, deadline, grace time.Duration
	policy                         policy
	idleDeadline                   bool // it comes only when nobody else can go on
}

func readSettings(h targets.Host, r recipe) settings {
	k := h.Knobs
	s := settings{
		stage1: k.Int("stage1"), mailbox: k.Int("mailbox"), batch: k.Int("batch"), budget: k.Int("budget"),
		crew:    k.Int("brokers"),
		handler: k.Duration("handler"), boot: k.Duration("boot"), grace: k.Duration("grace"),
		policy: policy(slices.Index(policyWords, k.Word("policy"))),
	}
	if r.limited {
		s.deadline, s.idleDeadline = h.Deadline(), h.IdleDeadline
	}
	return s
}

// windows are the server's windows, looked up once.
type windows struct {
	send, signal, stopBroker, lastPoll, actor, lock *world.Window
}

// A server is one broker with everything that belongs to it: an Instance.
type server struct {
	recipe
	settings
	w       *world.World
	probe   targets.Probe
	windows windows

	signals    *world.Signals
	supervisor *world.Task
	orders     inbox // the supervisor's own
	err        error // what stop returned; the supervisor's until it has ended

	barrier   *world.Token // actors wait here until the broker has been started
	brokers   []*broker
	broadcast *prim.Broadcast[order]

	gate     *gate         // shut when stop begins, where the recipe has one
	hard     *gate         // shut when the drain's deadline has passed: refuses and wakes everyone
	draining *world.Atomic // 1 once stop has begun
	begun    world.Note    // the same, for the inventory

	work *workload // events that are not finished; nil where nobody counts

	registry *world.Mutex // guards what follows
	stopping bool
	sources  []*source
	actors   []*actor
	version  *world.Atomic // of actors; read without the registry
}

// newServer subscribes to the signals and starts the supervisor, which starts the rest.
func newServer(t *world.Task, h targets.Host, r recipe) *server {
	w := h.World
	signals := w.Subscribe(syscall.SIGTERM, syscall.SIGINT)
	s := &server{
		recipe: r, settings: readSettings(h, r), w: w, probe: h.Probe, signals: signals,
		windows: windows{
			send: w.Window(windowSend), signal: w.Window(windowSignal), stopBroker: w.Window(windowStopBroker),
			lastPoll: w.Window(windowLastPoll), actor: w.Window(windowActor), lock: w.Window(windowLock),
		},
		barrier:   w.NewToken("the start barrier"),
		broadcast: prim.NewBroadcast[order](w, "the commands", h.Knobs.Int("commands")),
		gate:      newGate(w, "the gate", h.Knobs.Word("gate") == "atomic"),
		hard:      newGate(w, "the drain's deadline", false),
		draining:  w.NewAtomic("draining", 0),
		registry:  w.NewMutex("the registry"),
		version:   w.NewAtomic("the registry's version", 0),
	}
	if r.tail == finishWork {
		s.work = newWorkload(w)
	}
	s.orders = s.newInbox("orders of the supervisor")
	for n := range s.crew {
		name := "broker"
		if s.crew > 1 {
			name = fmt.Sprintf("broker %d", n+1)
		}
		s.brokers = append(s.brokers, newBroker(s, n, name))
	}
	if r.twoLanes {
		s.brokers = append(s.brokers, newBroker(s, s.crew, "broker for handlers"))
	}
	for _, b := range s.brokers {
		s.newSource(t, b, b.name) // the server's own, which nobody uses; the original has one
	}
	s.supervisor = w.Go(world.Target, "supervisor", s.supervise)
	return s
}

// Dial implements targets.Instance. Whatever is accepted after it has returned reaches the client.
func (s *server) Dial(t *world.Task, r targets.Role) (targets.Client, error) {
	s.registry.Lock(t)
	defer s.registry.Unlock(t)
	if s.stopping {
		return nil, fmt.Errorf("connect %s: the broker is stopping: %w", r.Name, prim.ErrClosed)
	}
	if r.Handle == nil {
		return s.newClient(s.newSource(t, s.dealt(r), r.Name), nil), nil
	}
	a := newActor(s, r)
	c := s.newClient(s.newSource(t, s.dealt(r), r.Name), a)
	s.actors = append(s.actors, a)
	s.version.Add(t, 1)
	a.task = s.w.Go(world.Target, "actor "+r.Name, a.run)
	return c, nil
}

// dealt returns the broker that a client sends to. It follows from the client's lane, so that a scenario
// decides it and not the order in which clients happen to connect.
func (s *server) dealt(r targets.Role) *broker {
	if r.Handle != nil && s.twoLanes {
		return s.brokers[s.crew]
	}
	return s.brokers[r.Lane%s.crew]
}

// Wait implements targets.Instance.
func (s *server) Wait(t *world.Task) error {
	if err := t.Join(s.supervisor); err != nil {
		return err
	}
	return s.err
}

// start lets the actors and the broker run.
func (s *server) start(t *world.Task) {
	for _, b := range s.brokers {
		b.task = t.Go(b.name, b.run)
	}
	s.barrier.Cancel(t)
}

// started says whether start has been called. For the supervisor.
func (s *server) started() bool { return s.barrier.Try() }
