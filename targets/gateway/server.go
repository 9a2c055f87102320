package gateway

import (
	"cmp"
	"fmt"
	"syscall"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
	"github.com/racebench/racebench/targets"
)

// settings are the knobs, read once.
type settings struct {
	slots, rate, queue, buckets, ids, pings, panics                          int
	rateWindow, ttl, work, insertTime, timeout, ping, gc, linger, hangUpTime time.Duration
	deadline                                                                 time.Duration // of the drain; 0 is none
	oneAddress                                                               bool
	idleDeadline                                                             bool // it comes only when nobody else can go on
}

// defaultDeadline ends the drain of a correct design where no drain limit is set.
const defaultDeadline = time.Second

func readSettings(h targets.Host, r recipe) settings {
	k := h.Knobs
	s := settings{
		slots: k.Int("slots"), rate: k.Int("rate"), queue: k.Int("queue"), buckets: k.Int("buckets"), ids: k.Int("ids"),
		pings: k.Int("pings"), panics: k.Int("panics"), rateWindow: k.Duration("rate-window"), ttl: k.Duration("ttl"),
		work: k.Duration("work"), insertTime: k.Duration("insert"), timeout: k.Duration("timeout"), ping: k.Duration("ping"), gc: k.Duration("gc"),
		linger: k.Duration("linger"), hangUpTime: k.Duration("hang-up"), oneAddress: k.Word("from") == "one",
	}
	if r.limited {
		s.deadline, s.idleDeadline = cmp.Or(h.Deadline(), defaultDeadline), h.IdleDeadline
	}
	return s
}

// windows are the server's windows, looked up once.
type windows struct {
	signal, wait, leave, enter, pop, id *world.Window
}

// A server is one gateway with everything that belongs to it: an Instance.
type server struct {
	recipe
	settings
	w       *world.World
	probe   targets.Probe
	windows windows

	net     Net
	doors   [2]Listener
	groups  [2]*group // of the tasks that came through each door
	limiter *limiter
	tunnel  *tunnel
	pushes  *group        // pushes under way
	tasks   *prim.Tracker // everything that was started and must be gone when the process is

	signals    *world.Signals
	supervisor *world.Task
	draining   *world.Atomic // 1 once the drain has begun
	away       *world.Token  // sockets are told to go
	dead       *world.Token  // the process is at its end: whatever waits goes
	begun      world.Note    // draining, for whoever takes stock
	returning  world.Note    // what is left at the end is given back
	left       world.Note    // how much went with the process
	cutBy      world.Note    // what cuts the drain short, if something does
	relays     *world.Atomic // that were started
	fairness   fairness

	listening *world.Mutex // guards what follows
	actors    []*listener
	stores    []*listener
	listeners *world.Atomic // how many there are; read without the lock
}

// A listener is an actor or an analytics store: a client in the harness's eyes, a part behind the gateway
// in ours.
type listener struct {
	lane   int
	name   string
	handle func(t *world.Task, m targets.Message) error
}

// newServer subscribes to the signals, opens the doors and starts the server's own tasks.
func newServer(t *world.Task, h targets.Host, r recipe, outside func(targets.Host) (Net, error)) (*server, error) {
	w := h.World
	signals := w.Subscribe(syscall.SIGTERM, syscall.SIGINT)
	s := &server{
		recipe: r, settings: readSettings(h, r), w: w, probe: h.Probe, signals: signals,
		windows: windows{
			signal: w.Window(windowSignal), wait: w.Window(windowWait), leave: w.Window(windowLeave),
			enter: w.Window(windowEnter), pop: w.Window(windowPop), id: w.Window(windowID),
		},
		tasks:    prim.NewTracker(w, "the tasks of the process"),
		draining: w.NewAtomic("draining", 0), relays: w.NewAtomic("relays", 0),
		away: w.NewToken("the order to go away"), dead: w.NewToken("the end of the process"),
		listening: w.NewMutex("the list of actors"), listeners: w.NewAtomic("the number of actors", 0),
	}
	for door := range s.groups {
		s.groups[door] = newGroup(s, "the task group of "+Door(door).String(), r)
	}
	s.pushes = newGroup(s, "the pushes under way", right)
	s.limiter = newLimiter(s)
	s.fairness.claim(s)
	if s.deadline > 0 {
		targets.StoreProbeOf(s.probe).Claim(ledger.ClaimThirdSignal, "", 0)
	}
	s.tunnel = newTunnel(s, h.Knobs.Int("subject"))
	if err := s.open(t, h, outside); err != nil {
		signals.Stop()
		return nil, err
	}
	s.tasks.Go(t, "receiver", s.tunnel.receive)
	if s.gc > 0 {
		s.tasks.Go(t, "garbage collector", s.tunnel.collect)
	}
	s.supervisor = w.Go(world.Target, "supervisor", s.supervise)
	return s, nil
}

// open makes the net and opens both doors.
func (s *server) open(t *world.Task, h targets.Host, outside func(targets.Host) (Net, error)) error {
	s.net = newMemNet(s.w, h.Knobs.Int("wire"))
	if outside != nil && !s.w.Simulated() {
		net, err := outside(h)
		if err != nil {
			return fmt.Errorf("start the gateway: %w", err)
		}
		s.net = net
	}
	for door := range s.doors {
		l, err := s.net.Listen(t, Door(door), s.serveDoor(Door(door)))
		if err != nil {
			return fmt.Errorf("open the door for %s: %w", Door(door), err)
		}
		s.doors[door] = l
	}
	return nil
}

// Wait implements targets.Instance.
func (s *server) Wait(t *world.Task) error { return t.Join(s.supervisor) }

// Dial implements targets.Instance.
func (s *server) Dial(t *world.Task, r targets.Role) (targets.Client, error) {
	switch r.Op {
	case opPush:
		return &pusher{s: s}, nil
	case opActor, opAnalytics:
		s.listening.Lock(t)
		defer s.listening.Unlock(t)
		l := &listener{lane: r.Lane, name: r.Name, handle: r.Handle}
		if r.Op == opActor {
			s.actors = append(s.actors, l)
		} else {
			s.stores = append(s.stores, l)
		}
		s.listeners.Add(t, 1)
		return idle{}, nil
	}
	return s.dialNet(t, r)
}

// idle is the client of an op that sends nothing.
type idle struct{}

// Do implements targets.Client.
func (idle) Do(*world.Task, targets.Message) targets.Reply { return targets.Reply{} }

// Close implements targets.Client.
func (idle) Close(*world.Task) {}

// listenersOf reads one of the two lists.
func (s *server) listenersOf(t *world.Task, list *[]*listener) []*listener {
	if s.listeners.Load(t) == 0 {
		return nil
	}
	s.listening.Lock(t)
	defer s.listening.Unlock(t)
	return *list
}

// await waits for an operation, or the end of the process. It returns false when that came.
func (s *server) await(t *world.Task, a world.Awaitable) bool { return t.Select(s.dead, a) == 1 }

// lock takes a lock that others may keep for ever. It returns false when the process is at its end.
func (s *server) lock(t *world.Task, m *world.Mutex) bool { return s.await(t, m) }

// sleep pauses. It returns false when the process is at its end.
func (s *server) sleep(t *world.Task, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := s.w.NewTimer("the clock")
	timer.Set(d)
	defer timer.Stop()
	return s.await(t, timer)
}
