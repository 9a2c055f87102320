package external

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// An instance is a running program with its clients.
type instance struct {
	c   config
	h   targets.Host
	out targets.Outside
	w   *world.World
	p   *program

	mu     sync.Mutex
	conns  map[*wireConn]struct{}
	held   map[session]struct{} // sessions that end with nothing but themselves
	told   map[string]bool      // what was remarked of a group
	writes []write              // that were acknowledged
	good   map[string]int       // good answers of a group that were recorded, in a run without a signal

	h2    h2pool
	setup sync.Mutex // one client at a time makes what all of them write to

	requests atomic.Int64 // under way
	sessions atomic.Int64 // open
	ready    atomic.Bool
	aimed    atomic.Bool
	pids     []int  // the program's processes at the first look
	single   bool   // there was one, which racebench has started
	unsample func() // ends the sampling of what the program uses
	starved  starvation
	closing  atomic.Bool  // what clients see from now on is racebench's doing
	sent     atomic.Int64 // when the first signal was sent; 0: not yet
	first    atomic.Int64 // the first signal
}

// client is what the engine drives: a targets.Client.
type client interface {
	Do(t *world.Task, m targets.Message) targets.Reply
	Close(t *world.Task)
}

// start starts the program and returns once it is ready, or has been struck.
func start(t *world.Task, h targets.Host, c config) (targets.Instance, error) {
	if h.Outside == nil {
		return nil, fmt.Errorf("a program from outside needs the real world")
	}
	s := &instance{c: c, h: h, out: h.Outside, w: h.World, conns: map[*wireConn]struct{}{}, held: map[session]struct{}{}, told: map[string]bool{}, good: map[string]int{}}
	if err := adopt(); err != nil {
		return nil, fmt.Errorf("become the parent of what the program leaves behind: %w", err)
	}
	p := &program{c: c, dir: h.Dir}
	if err := os.MkdirAll(h.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the program's data folder: %w", err)
	}
	var err error
	if err = p.choosePort(h.World); err == nil {
		err = runBefore(p)
	}
	if err != nil {
		return nil, err
	}
	if err := p.launch(h.World); err != nil {
		return nil, err
	}
	s.p = p
	s.out.Process(ledger.Process{Event: extern.ProcessStarted, PID: p.pid, Count: int64(p.port), At: t.Now()}, p.title())
	s.out.Carry(s)
	if err := p.awaitReady(t); err != nil {
		if s.sent.Load() != 0 {
			return s, nil // struck while it started: how it stops is the test
		}
		p.kill()
		return nil, err
	}
	s.ready.Store(true)
	s.unsample = s.sample()
	s.out.Process(ledger.Process{Event: extern.ProcessReady, PID: p.pid, Clean: c.worker, Count: int64(p.address.port), At: t.Now()}, p.address.dial())
	return s, nil
}

// title is the program's command line, for people.
func (p *program) title() string {
	if p.cmd == nil {
		return nameOf(p.pid)
	}
	return fmt.Sprint(p.cmd.Args)
}

// runBefore runs the scenario's before_each.
func runBefore(p *program) error {
	if len(p.c.beforeEach) == 0 {
		return nil
	}
	words := make([]string, len(p.c.beforeEach))
	for i, word := range p.c.beforeEach {
		words[i] = p.fill(word)
	}
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir, cmd.Stderr = p.c.cwd, os.Stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("before_each: %s: %w", words[0], err)
	}
	if err != nil {
		return fmt.Errorf("the program cannot be started: %w", plainly(err, "external.before_each", p.c.cwd))
	}
	return nil
}

// Dial implements targets.Instance.
func (s *instance) Dial(t *world.Task, r targets.Role) (targets.Client, error) {
	g, ok := r.Client.(group)
	if !ok {
		return nil, fmt.Errorf("there is no client %q", r.Op)
	}
	if s.p.address.port == 0 {
		return nil, fmt.Errorf("the program listens on nothing")
	}
	d := &dialer{s: s, t: t, g: g, role: r, object: s.w.NewObject("the answer to " + g.target())}
	c, err := g.kind.dial(d)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Wait implements targets.Instance: it returns when the program has ended by itself, not when racebench
// killed it.
func (s *instance) Wait(t *world.Task) error {
	t.Blocking(s.w.NewObject("the program's end"), func() { <-s.p.exited })
	if s.closing.Load() {
		t.Await(s.w.NewToken("nothing: racebench killed the program"))
	}
	return nil
}

// Inventory implements targets.Instance: what is inside a program cannot be seen.
func (s *instance) Inventory() {}

// dialer makes the connections of one client.
type dialer struct {
	s      *instance
	t      *world.Task
	g      group
	role   targets.Role
	object *world.Object
}

// connect opens a connection to the program.
func (s *instance) connect() (*wireConn, error) {
	raw, err := net.DialTimeout("tcp", s.p.address.dial(), 10*time.Second)
	if err != nil {
		return nil, err
	}
	c := &wireConn{Conn: raw, s: s, opened: s.w.Now()}
	if tcp, ok := raw.LocalAddr().(*net.TCPAddr); ok {
		c.port, c.ends.client = tcp.Port, tcp.AddrPort()
	}
	if tcp, ok := raw.RemoteAddr().(*net.TCPAddr); ok {
		c.ends.server = tcp.AddrPort()
	}
	s.mu.Lock()
	s.conns[c] = struct{}{}
	s.mu.Unlock()
	if s.closing.Load() {
		_ = c.Close()
		return nil, net.ErrClosed
	}
	return c, nil
}

func (s *instance) forget(c *wireConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// holds keeps a session that has no connection of ours, to be closed when the trial ends. It returns false
// when that has begun.
func (s *instance) holds(x session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Load() {
		return false
	}
	s.held[x] = struct{}{}
	return true
}

func (s *instance) letGo(x session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.held, x)
}

// remark tells the reader something about a group's clients, once.
func (s *instance) remark(group, text string) {
	s.mu.Lock()
	said := s.told[group]
	s.told[group] = true
	s.mu.Unlock()
	if !said {
		s.h.Probe.Mark(group, group+": "+text, 0)
	}
}

// Aim implements targets.Courier. What the server has read by now it must answer, once every thread that ran
// at that moment has slept or run on: until then a request may be in the hands of one that has not looked
// at it yet.
func (s *instance) Aim(t *world.Task) {
	if !s.ready.Load() {
		return // a signal that meets a program as it starts waits for nothing
	}
	s.tellUsage() // as it is when it is struck
	pids := s.p.alive()
	if err := s.look(false); err != nil {
		s.out.Process(ledger.Process{Event: extern.ProcessUnproved, PID: s.p.pid, At: t.Now()}, err.Error())
		return
	}
	if !settles(t, pids, longestAim) {
		s.unaim()
		s.out.Process(ledger.Process{Event: extern.ProcessUnproved, PID: s.p.pid, At: t.Now()},
			fmt.Sprintf("its threads got no processor for %s", longestAim))
	}
	s.pids, s.single = pids, s.c.attach == "" && slices.Equal(pids, []int{s.p.pid})
	s.aimed.Store(true)
}

// settles waits until every thread that runs now has slept or run on. It returns false when one has not
// within the limit.
func settles(t *world.Task, pids []int, limit time.Duration) bool {
	deadline := t.Now() + limit
	for busy := busyThreads(pids); len(busy) > 0; busy = stillBusy(busy) {
		if t.Now() > deadline {
			return false
		}
		t.Sleep(100 * time.Microsecond)
	}
	return true
}

const (
	// longestAim is how long a signal may be held back for a server that gets no processor.
	longestAim = 60 * time.Millisecond
	// ranOn is how much a thread must have run to have dealt with what it had just read.
	ranOn = 2 * time.Millisecond
	// longestLook is how long the signal itself may wait for what was read since the first look.
	longestLook = time.Millisecond
	// mostSingly is how many connections are looked up one by one. To list them all the kernel goes through the
	// whole table of the machine's sockets, which takes as long as hundreds of those.
	mostSingly = 256
	// mostLooks is how often that look is taken again on a busy machine.
	mostLooks = 3
)

func stillBusy(threads []thread) []thread {
	left := threads[:0]
	for _, t := range threads {
		if t.runs() && t.runtime() < t.ran+uint64(ranOn) {
			left = append(left, t)
		}
	}
	return left
}

// look notes for every connection how much of its request the server has read.
func (s *instance) look(striking bool) error {
	type seen struct {
		c     *wireConn
		marks []mark
	}
	s.mu.Lock()
	all := make([]seen, 0, len(s.conns))
	for c := range s.conns {
		all = append(all, seen{c: c})
	}
	s.mu.Unlock()
	for i := range all {
		all[i].marks = all[i].c.marks() // before the kernel is asked: what was sent then is there now
	}
	find := peersOf
	if len(all) <= mostSingly {
		each := make([]ends, len(all))
		for i, x := range all {
			each[i] = x.c.ends
		}
		find = func(int) (map[int]peer, error) { return peersAt(each) }
	}
	peers, err := find(s.p.address.port)
	if err != nil {
		return err
	}
	for _, x := range all {
		p, found := peers[x.c.port]
		looks := make([]look, len(x.marks))
		for i, m := range x.marks {
			looks[i] = look{m.msg, readingOf(m, p, found)}
		}
		x.c.note(looks, striking)
	}
	return nil
}

// lookAgain looks right before the signal. Where this process lost its processor meanwhile, the look has become
// an old one, and another is taken.
func (s *instance) lookAgain(t *world.Task) {
	for range mostLooks {
		began := t.Now()
		if s.look(true) == nil && settles(t, s.pids, longestLook) {
			s.promote() // what was read until now is proved, too
		}
		if t.Now()-began <= 2*longestLook {
			return
		}
	}
}

// promote makes the second look the one that proves.
func (s *instance) promote() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.mu.Lock()
		c.aim = c.strike
		c.mu.Unlock()
	}
}

// unaim forgets the first look.
func (s *instance) unaim() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.note(nil, false)
	}
}

// Send implements targets.Courier.
func (s *instance) Send(t *world.Task, sig syscall.Signal) (time.Duration, error) {
	looks := s.ready.Load() && s.p.address.port != 0
	if !s.aimed.Load() && looks {
		s.Aim(t)
	}
	if s.p.hasEnded() {
		return 0, fmt.Errorf("the program had ended")
	}
	if s.single && defenceless(s.p.pid, sig) {
		s.out.Process(ledger.Process{Event: extern.ProcessDefault, PID: s.p.pid, Signal: int(sig), At: t.Now()}, "")
	}
	switch {
	case looks && s.out.Freeze():
		defer s.freeze(t)()
		_ = s.look(true) // the look before it proved what is proved
	case looks:
		s.lookAgain(t)
	}
	at := t.Now()
	s.first.CompareAndSwap(0, int64(sig))
	s.sent.CompareAndSwap(0, int64(max(at, 1)))
	if s.c.group {
		return at, signalGroup(s.p.pid, sig)
	}
	return at, sendSignal(s.p.pid, sig)
}
