package trialtest

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// Shelf is the smallest server that is reopened: every message is a line of a file, or of a list in a
// simulated world. Its designs say "durable" too early, or keep what they have refused.
var Shelf = func() targets.Target {
	s := Toy
	s.Name, s.Start, s.Auditor = "shelf", startShelf, shelfAuditor{}
	s.Example = []byte(strings.Replace(toyExample, "publish", "put", 1))
	s.Promises = append(slices.Clone(Toy.Promises), "one-owner")
	s.Variants = []targets.Variant{
		{Name: "good", Verdict: "reference", Summary: "answers when it has written and synced"},
		{Name: "early", Verdict: "mutation", Summary: "answers, and then writes", Breaches: []string{"no-lost-message"}},
		{Name: "unsynced", Verdict: "mutation", Summary: "answers when it has written", Breaches: []string{"no-lost-message"}},
		{Name: "backwards", Verdict: "mutation", Summary: "reads its list from its end", Breaches: []string{"in-order"}},
		{Name: "quits", Verdict: "mutation", Summary: "ends its process on the signal", Breaches: []string{"process-survives"}},
		{Name: "unreadable", Verdict: "mutation", Summary: "panics when it is reopened", Breaches: []string{"process-survives"}},
	}
	s.Ops = []targets.OpInfo{
		{Name: "put", Summary: "store a message", Accepts: true},
		{Name: "note", Summary: "store a message some time", Accepts: true, Topic: 1, Unconfirmed: true},
	}
	return s
}()

// items is what lies on a shelf of a simulated world.
type items struct {
	list   []ledger.MsgID
	synced int
	design string
}

type shelfAuditor struct{}

func (shelfAuditor) NewMedium() targets.Medium { return &items{} }

func (shelfAuditor) CutPower(h targets.Host, _ *rand.Rand) error {
	if m, ok := h.Medium.(*items); ok {
		m.list = m.list[:m.synced]
		return nil
	}
	return os.WriteFile(filepath.Join(h.Dir, "cut"), nil, 0o644)
}

func (shelfAuditor) Audit(_ *world.Task, h targets.Host, each func(targets.Record)) (targets.Recovery, error) {
	m, ok := h.Medium.(*items)
	if !ok {
		return targets.Recovery{}, errors.New("there is no shelf outside a simulated world")
	}
	switch m.design {
	case "unreadable":
		panic("shelf: what is this")
	case "backwards":
		slices.Reverse(m.list)
	}
	for i, id := range m.list {
		each(targets.Record{Msg: id, Offset: int64(i + 1)})
	}
	return targets.Recovery{}, nil
}

func startShelf(t *world.Task, h targets.Host, variant string) (targets.Instance, error) {
	m, _ := h.Medium.(*items)
	m.design = variant
	s := &shelfServer{h: h, items: m, signals: h.World.Subscribe(syscall.SIGTERM), lock: h.World.NewMutex("the shelf"), disk: h.World.NewObject("the disk")}
	s.task = t.Go("server", s.serve)
	return s, nil
}

type shelfServer struct {
	h       targets.Host
	items   *items
	signals *world.Signals
	lock    *world.Mutex
	disk    *world.Object
	task    *world.Task
}

func (s *shelfServer) serve(t *world.Task) {
	s.signals.Recv(t)
	s.h.Probe.Draining(t)
	if s.items.design == "quits" {
		s.h.Exit(t, 1, "shelf: enough")
	}
	s.lock.Lock(t) // what was begun is done, and nothing is begun any more
	s.h.Probe.Drained(t, ledger.DrainReturned, 0)
}

func (s *shelfServer) Dial(*world.Task, targets.Role) (targets.Client, error) {
	return &shelfClient{s}, nil
}
func (s *shelfServer) Wait(t *world.Task) error { return t.Join(s.task) }
func (s *shelfServer) Inventory()               {}

type shelfClient struct{ s *shelfServer }

func (c *shelfClient) Do(t *world.Task, m targets.Message) targets.Reply {
	s := c.s
	if s.items.design == "early" {
		t.Go("late write", func(t *world.Task) { s.put(t, m.ID) })
		return targets.Reply{Outcome: ledger.Accepted}
	}
	return s.put(t, m.ID)
}

func (s *shelfServer) put(t *world.Task, id ledger.MsgID) targets.Reply {
	if t.Select(s.lock, s.task) == 1 {
		return targets.Reply{Outcome: ledger.Refused, Cause: ledger.Closed}
	}
	t.Point(world.KindStore, s.disk)
	s.items.list = append(s.items.list, id)
	if s.items.design != "unsynced" {
		t.Point(world.KindStore, s.disk)
		s.items.synced = len(s.items.list)
	}
	s.lock.Unlock(t)
	return targets.Reply{Outcome: ledger.Accepted}
}

func (c *shelfClient) Close(*world.Task) {}
