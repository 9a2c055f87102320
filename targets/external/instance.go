package external

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
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

	mu      sync.Mutex
	conns   map[*wireConn]struct{}
	held    map[session]struct{} // sessions that end with nothing but themselves
	told    map[string]bool      // what was remarked of a group
	writes  []write              // that were acknowledged
	boards  []*board             // jobs that were accepted
	nonce   string
	asked   map[string]*kindCount   // by kind of request
	answers map[string]*keptAnswers // of a group, of which something was recorded
	good    map[string]int          // good answers of a group that were recorded, in a run without a signal

	h2      h2pool
	methods methods
	setup   sync.Mutex // one client at a time makes what all of them write to

	prepare  sync.Mutex
	prepared bool // pre_stop was run

	requests atomic.Int64 // under way
	sessions atomic.Int64 // open
	ready    atomic.Bool
	aimed    atomic.Bool
	pids     []int  // the program's processes at the first look
	single   bool   // there was one, which racebench has started
	unsample func() // ends the sampling of what the program uses
	starved  starvation
	rest     rest
	struck   []int        // the program's processes when it was struck
	polls    *polls       // of its readiness
	window   *polls       // in the time that it is to serve for
	closing  atomic.Bool  // what clients see from now on is racebench's doing
	sent     atomic.Int64 // when the first signal was sent; 0: not yet
	first    atomic.Int64 // the first signal
	once     sync.Once    // notes both
	serving  atomic.Int64 // when the latest request began after which its client got another answer on its connection
}

// client is what the engine drives: a targets.Client.
type client interface {
	Do(t *world.Task, m targets.Message) targets.Reply
	Close(t *world.Task)
}

// start starts the program and returns once it is ready, or has been struck.
func start(t *world.Task, h targets.Host, c config) (targets.Instance, error) {
	if h.Outside == nil {
		return nil, fmt.Errorf("an external program needs engine real")
	}
	s := &instance{c: c, h: h, out: h.Outside, w: h.World, conns: map[*wireConn]struct{}{}, held: map[session]struct{}{}, told: map[string]bool{}, good: map[string]int{}, answers: map[string]*keptAnswers{}, asked: map[string]*kindCount{}, polls: newPolls(c.readyPath, 0), window: newPolls(c.readyPath, c.servesFor), nonce: newNonce()}
	s.rest.lost = make(chan struct{}, 1)
	if err := adopt(); err != nil {
		return nil, fmt.Errorf("become the parent of what the program leaves behind: %w", err)
	}
	p := &program{c: c, dir: h.Dir, reach: h.Reach}
	if err := os.MkdirAll(h.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the program's data folder: %w", err)
	}
	_, err := h.Reach.Check(context.Background(), cmp.Or(c.host(), "127.0.0.1"))
	if err == nil {
		err = p.choosePort(h.World)
	}
	if err == nil {
		err = p.startServices(t)
	}
	if err == nil {
		err = runBefore(p)
	}
	if err == nil {
		err = p.launch(h.World)
	}
	if err != nil {
		p.release()
		return nil, err
	}
	s.p = p
	s.out.Process(ledger.Process{Event: extern.ProcessStarted, PID: p.pid, Count: int64(p.port), At: t.Now()}, p.title())
	s.out.Carry(s)
	if err := p.awaitReady(t, s.overdue); err != nil {
		if s.sent.Load() != 0 {
			return s, nil // struck while it started: how it stops is the test
		}
		p.kill()
		p.release()
		return nil, err
	}
	// A strike looks for a handler unless the program is ready: so the record that it is must not come after such a strike.
	s.out.Process(ledger.Process{Event: extern.ProcessReady, PID: p.pid, Clean: c.worker, Count: int64(p.address.port), At: t.Now()}, p.address.dial())
	if c.readyAuto && !s.out.Control() {
		t.Blocking(s.w.NewObject("its readiness"), s.findReadiness)
	}
	s.ready.Store(true)
	if s.out.Control() {
		p.out.heed() // should it end, nobody will have asked it to
	}
	s.unsample = s.sample()
	if s.out.Look() {
		t.Blocking(h.World.NewObject("what the program offers"), s.lookAround)
	}
	return s, nil
}

// overdue says whether a program that was struck as it started has had its time to stop.
func (s *instance) overdue(now time.Duration) bool {
	sent := time.Duration(s.sent.Load())
	return sent > 0 && now > sent+s.h.DrainLimit
}

// title is the program's command line, for people.
func (p *program) title() string {
	if p.cmd == nil {
		return nameOf(p.pid)
	}
	return fmt.Sprint(p.cmd.Args)
}

// runBefore runs the scenario's before_each. What that leaves running is no part of the program, and ends after it.
func runBefore(p *program) error {
	if len(p.c.beforeEach) == 0 {
		return nil
	}
	words := make([]string, len(p.c.beforeEach))
	for i, word := range p.c.beforeEach {
		words[i] = p.fill(word)
	}
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir, cmd.SysProcAttr = p.c.cwd, attributes(false)
	end, err := bystanders.start(cmd)
	if err == nil {
		err = cmd.Wait()
		if p.left = end; !bystanders.adopt() {
			p.endBefore()
		}
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("before_each: %s: %w", words[0], err)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", targets.ErrCannotRun, plainly(err, "external.before_each", p.c.cwd))
	}
	return nil
}

// release gives back what the start had taken: what before_each has left running, the services, and the port.
func (p *program) release() {
	p.endBefore()
	p.endServices()
	if p.claim != nil {
		_ = p.claim.Close()
		p.claim = nil
	}
}

// endBefore ends what before_each has left running.
func (p *program) endBefore() {
	if p.left != nil {
		p.left()
		p.left = nil
	}
}

// Dial implements targets.Instance.
func (s *instance) Dial(t *world.Task, r targets.Role) (targets.Client, error) {
	g, ok := r.Client.(group)
	if !ok {
		return nil, fmt.Errorf("there is no client %q", r.Op)
	}
	if s.p.address.port == 0 && !slices.Contains(portless, g.kind.name) {
		return nil, fmt.Errorf("the program listens on nothing")
	}
	d := &dialer{s: s, t: t, g: g, role: r, object: s.w.NewObject("the answer to " + g.target())}
	s.asksFor(g, d.path())
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
	last   turn
}

// connect opens a connection to the program.
func (s *instance) connect() (*wireConn, error) {
	asked := s.w.Now()
	raw, err := s.p.address.connect(10 * time.Second)
	if err != nil {
		return nil, err
	}
	c := &wireConn{Conn: raw, s: s, opened: asked}
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
