package trialtest

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
	"github.com/racebench/racebench/targets"
)

// Toy is the smallest server that can be right or wrong in every way the engine must tell apart: one
// queue, one task that hands its messages to subscribers.
var Toy = targets.Target{Start: startToy, Card: targets.Card{
	Name: "toy", Summary: "one queue, one server task", Reference: "good",
	StopSignals: []syscall.Signal{syscall.SIGTERM},
	Knobs:       []targets.Knob{{Name: "queue", Kind: targets.IntKnob, Default: "64", Min: 1, Max: 4096, Summary: "capacity"}},
	Promises: []string{"no-lost-message", "no-ghost", "no-duplicate", "in-order", "every-call-returns",
		"drain-ends", "process-survives", "no-leak"},
	Windows: []targets.WindowInfo{{Name: "toy.between-recv-and-handle", Summary: "a message is in nobody's queue"}},
	Ops: []targets.OpInfo{
		{Name: "publish", Summary: "send a message", Accepts: true},
		{Name: "subscribe", Summary: "receive messages", Subscribes: true, Topics: 1},
	},
	Variants: []targets.Variant{
		{Name: "good", Verdict: "reference", Summary: "drains its queue"},
		{Name: "loses", Verdict: "mutation", Summary: "leaves its queue behind", Breaches: []string{"no-lost-message"}},
		{Name: "hangs", Verdict: "mutation", Summary: "waits for ever", Breaches: []string{"drain-ends"}},
		{Name: "panics", Verdict: "mutation", Summary: "panics on the signal", Breaches: []string{"process-survives"}},
		{Name: "exits", Verdict: "mutation", Summary: "exits with status 3 on the signal", Breaches: []string{"process-survives"}},
		{Name: "leaks", Verdict: "mutation", Summary: "leaves a task behind", Breaches: []string{"no-leak"}},
		{Name: "leaves", Verdict: "mutation", Summary: "exits with status 0 on the signal", Breaches: []string{"process-survives"}},
		{Name: "throws", Verdict: "mutation", Summary: "panics in a client's call", Breaches: []string{"process-survives"}},
		{Name: "stillborn", Verdict: "mutation", Summary: "panics while it starts", Breaches: []string{"process-survives"}},
		{Name: "absent", Verdict: "mutation", Summary: "does not start"},
	},
	Example: []byte(toyExample),
}}

const toyExample = `name: toy
target: toy
trials: 2
duration: 100ms
drain_limit: 200ms
load:
  - {op: publish, clients: 2, shape: saturate}
  - {op: subscribe, clients: 2}
`

func startToy(t *world.Task, h targets.Host, variant string) (targets.Instance, error) {
	switch variant {
	case "absent":
		return nil, errors.New("no such luck")
	case "stillborn":
		panic("toy: at once")
	}
	s := &toyServer{
		h: h, variant: variant, signals: h.World.Subscribe(syscall.SIGTERM),
		queue:  prim.NewQueue[targets.Message](h.World, "the queue", h.Knobs.Int("queue")),
		never:  h.World.NewToken("a token nobody cancels"),
		window: h.World.Window("toy.between-recv-and-handle"),
		lock:   h.World.NewMutex("the subscribers"),
	}
	s.task = t.Go("server", s.serve)
	return s, nil
}

type toyServer struct {
	h           targets.Host
	variant     string
	signals     *world.Signals
	queue       *prim.Queue[targets.Message]
	never       *world.Token
	window      *world.Window
	lock        *world.Mutex
	subscribers []targets.Role
	task        *world.Task
}

func (s *toyServer) serve(t *world.Task) {
	recv := s.queue.Receiving()
	for t.Select(s.signals, recv) == 1 {
		m, _ := recv.Result()
		s.deliver(t, m)
	}
	s.signals.Take()
	s.h.Probe.Draining(t)
	s.queue.Close(t)
	switch s.variant {
	case "hangs":
		t.Await(s.never)
	case "panics":
		panic("toy: as planned")
	case "exits":
		os.Exit(3)
	case "leaves":
		os.Exit(0)
	case "leaks":
		t.Go("straggler", func(t *world.Task) { t.Await(s.never) })
		fallthrough
	case "good":
		for m, ok := s.queue.Recv(t); ok; m, ok = s.queue.Recv(t) {
			s.deliver(t, m)
		}
	}
	s.h.Probe.Drained(t, ledger.DrainReturned, 0)
}

func (s *toyServer) deliver(t *world.Task, m targets.Message) {
	s.window.Pass(t)
	s.lock.Lock(t)
	subscribers := s.subscribers
	s.lock.Unlock(t)
	for _, r := range subscribers {
		_ = r.Handle(t, m)
	}
}

func (s *toyServer) Dial(t *world.Task, r targets.Role) (targets.Client, error) {
	if r.Handle != nil {
		s.lock.Lock(t)
		s.subscribers = append(s.subscribers, r)
		s.lock.Unlock(t)
	}
	return &toyClient{s}, nil
}

func (s *toyServer) Wait(t *world.Task) error {
	if err := t.Join(s.task); err != nil {
		return fmt.Errorf("toy server: %w", err)
	}
	return nil
}

func (s *toyServer) Inventory() {
	s.queue.Each(func(m targets.Message) {
		s.h.Probe.Discard(targets.Discard{
			Msg: m.ID, Lane: -1, Station: "queue", Cause: "server-stopped", Where: "the queue", Draining: true,
		})
	})
}

type toyClient struct{ s *toyServer }

func (c *toyClient) Do(t *world.Task, m targets.Message) targets.Reply {
	if c.s.queue.Send(t, m) != nil {
		if c.s.variant == "throws" {
			panic("toy: send on a closed queue")
		}
		return targets.Reply{Outcome: ledger.Refused, Cause: ledger.Closed}
	}
	return targets.Reply{Outcome: ledger.Accepted}
}

func (c *toyClient) Close(*world.Task) {}
