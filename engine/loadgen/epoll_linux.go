package loadgen

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const hasEpoll = true

const (
	// eventsAtOnce is how many connections are served between two looks at the clock's duties.
	eventsAtOnce = 256
	// loopRead is how much a loop reads at once, for all its connections.
	loopRead = 64 << 10
	// readsAtOnce is how often it reads a connection in a row: one that answers for ever must not keep it from the others,
	// nor from the end.
	readsAtOnce = 16
)

// A conn is one client of a loop: a connection at a time.
type conn struct {
	fd         int32 // -1: none
	generation int32 // of fd: an event of an earlier one is stale
	number     int32 // within the group
	connecting bool
	busy       bool // a request is under way
	gone       bool // the server has ended its side
	unread     bool // it is among those of which more is to be read
	off        int  // of its bytes that were written
	turn       int
	request    *Request
	q          sent
	pause      time.Duration // after the next refusal
	a          answer
}

// A loop drives many connections with one thread. Interest in them is registered once, at its edges, so that a request
// costs a write, a read and its share of a wait.
type loop struct {
	l      *load
	s      *shard
	ctx    context.Context
	epoll  int
	family int
	ip     netip.Addr
	to     unix.Sockaddr
	failed error // why there is no address
	conns  []conn
	buf    []byte
	events []unix.EpollEvent
	rnd    *rand.Rand
	timers timers
	idle   ring // of an open load
	busy   int
	next   time.Duration // the start that this loop has taken
	taken  bool
	asked  time.Duration // when it was taken
	dry    bool          // there are no more starts
	swept  time.Duration
	more   []unread
}

// An unread connection has more to be read than it is given at once.
type unread struct {
	at, generation int32
}

// runEpoll starts one loop for each part of a group's clients.
func (l *load) runEpoll(ctx context.Context, running *sync.WaitGroup) {
	first := 0
	l.ready.Add(len(l.parts))
	for part, n := range l.parts {
		w := &loop{
			l: l, s: l.shards[part], ctx: ctx, conns: make([]conn, n), buf: make([]byte, loopRead),
			events: make([]unix.EpollEvent, eventsAtOnce), idle: newRing(n),
		}
		if l.ThinkMax > 0 {
			w.rnd = l.c.Stream(fmt.Sprintf("think/%d/%d", l.number, part))
		}
		for i := range w.conns {
			w.conns[i] = conn{fd: -1, number: int32(first + i), pause: firstBackOff}
		}
		first += n
		running.Go(w.run)
	}
}

func (w *loop) run() {
	runtime.LockOSThread() // it ends with the goroutine: its timer slack is its own
	// A kernel that refuses only wakes us later.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	w.resolve()
	var err error
	if w.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		w.failed = err
	}
	w.connectAll()
	w.l.ready.Done()
	<-w.l.begun
	w.seed()
	for w.ctx.Err() == nil && !w.finished() {
		w.turn(w.patience())
		w.due()
		w.dispatch()
		w.sweep()
	}
	if w.taken {
		w.s.unsent()
	}
	for i := range w.conns {
		w.drop(&w.conns[i])
	}
	_ = unix.Close(w.epoll)
}

// resolve settles whom to connect to.
func (w *loop) resolve() {
	at, err := netip.ParseAddrPort(w.l.c.Address)
	if err != nil {
		w.failed = fmt.Errorf("%s has no address", w.l.c.Address)
		return
	}
	w.ip = at.Addr().Unmap()
	if ip := w.ip; ip.Is4() {
		w.family, w.to = unix.AF_INET, &unix.SockaddrInet4{Port: int(at.Port()), Addr: ip.As4()}
	} else {
		w.family, w.to = unix.AF_INET6, &unix.SockaddrInet6{Port: int(at.Port()), Addr: ip.As16()}
	}
}

// connectAll opens connections before the load begins. One that cannot be opened is tried again by its first request.
func (w *loop) connectAll() {
	for i := range w.conns {
		_ = w.connect(&w.conns[i])
	}
	limit := time.Now().Add(connectFirst)
	pending := func(c conn) bool { return c.connecting }
	for slices.ContainsFunc(w.conns, pending) && time.Now().Before(limit) && w.ctx.Err() == nil {
		w.turn(patrol)
	}
}

// turn waits for events and serves them.
func (w *loop) turn(patience time.Duration) {
	left := w.more
	w.more = nil
	if len(left) > 0 {
		patience = 0
	}
	n := w.wait(patience)
	for i := range n {
		ev := &w.events[i]
		if c := &w.conns[ev.Fd]; c.fd >= 0 && c.generation == ev.Pad {
			w.serve(c, ev.Events)
		}
	}
	for _, u := range left {
		if c := &w.conns[u.at]; c.fd >= 0 && c.generation == u.generation {
			c.unread = false
			w.receive(c)
		}
	}
}

// seed gives every client its first turn.
func (w *loop) seed() {
	for i := range w.conns {
		if w.l.starts != nil {
			w.idle.push(int32(i))
			continue
		}
		w.timers.push(w.l.first(int(w.conns[i].number)), int32(i))
	}
	w.due()
	w.dispatch()
}

// finished says whether the loop has nothing more to do.
func (w *loop) finished() bool {
	return w.busy == 0 && (w.l.over(w.l.now()) || w.dry && !w.taken)
}

// patience is how long the loop may wait for its connections.
func (w *loop) patience() time.Duration {
	now := w.l.now()
	until := now + patrol
	if at, ok := w.timers.first(); ok {
		until = min(until, at)
	}
	if w.taken && w.idle.len() > 0 {
		until = min(until, w.next)
	}
	return max(0, until-now)
}

// due gives their turn to clients whose pause is over.
func (w *loop) due() {
	for {
		at, ok := w.timers.first()
		if !ok {
			return
		}
		now := w.l.now()
		if at > now {
			return
		}
		i := w.timers.pop()
		switch {
		case w.l.starts != nil:
			w.idle.push(i)
		case w.conns[i].turn == 0 || !w.l.over(now):
			w.start(&w.conns[i], now, now, false)
		}
	}
}

// dispatch gives starts that have come to clients that are idle.
func (w *loop) dispatch() {
	for w.l.starts != nil && w.idle.len() > 0 {
		now := w.l.now()
		if w.l.over(now) {
			return
		}
		if !w.taken {
			if w.next, w.taken = w.l.starts.take(); !w.taken {
				w.dry = true
				return
			}
			w.asked = now
		}
		if w.next > now {
			return
		}
		w.taken = false
		late := now-max(w.next, w.asked) > lateness
		w.start(&w.conns[w.idle.pop()], w.next, now, late)
	}
}

// start begins a request on a client that is free.
func (w *loop) start(c *conn, intended, now time.Duration, late bool) {
	c.request = &w.l.Requests[c.turn%len(w.l.Requests)]
	c.turn++
	c.busy, c.off, c.q = true, 0, sent{intended: intended, left: now}
	c.a.reset(c.request.bodied)
	w.busy++
	w.s.begin(late)
	switch {
	case c.fd < 0:
		if err := w.connect(c); err != nil {
			w.fail(c, connectClass(err), err)
		} else if !c.connecting {
			w.send(c)
		}
	case !c.connecting:
		w.send(c)
	}
}

// connect opens a connection, or begins to.
func (w *loop) connect(c *conn) error {
	if w.failed != nil {
		return w.failed
	}
	if err := w.l.c.Way.Permit(w.ip); err != nil {
		return err
	}
	fd, err := unix.Socket(w.family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	err = unix.Connect(fd, w.to)
	c.connecting = errors.Is(err, unix.EINPROGRESS)
	if err != nil && !c.connecting {
		_ = unix.Close(fd)
		return err
	}
	c.fd = int32(fd)
	c.generation++
	at := int32(c.number) - w.conns[0].number
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET, Fd: at, Pad: c.generation}
	if err := unix.EpollCtl(w.epoll, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
		w.drop(c)
		return err
	}
	if !c.connecting {
		w.s.opened()
	}
	return nil
}

// connected ends a connection's making.
func (w *loop) connected(c *conn) error {
	c.connecting = false
	code, err := unix.GetsockoptInt(int(c.fd), unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && code != 0 {
		err = syscall.Errno(code)
	}
	if err == nil {
		w.s.opened()
	}
	return err
}

func connectClass(err error) class {
	if isRefused(err) {
		return refused
	}
	return unreachable
}

// serve does what an event of a connection calls for.
func (w *loop) serve(c *conn, events uint32) {
	if c.connecting {
		if events&(unix.EPOLLOUT|unix.EPOLLERR|unix.EPOLLHUP) == 0 {
			return
		}
		if err := w.connected(c); err != nil {
			w.drop(c)
			if c.busy {
				w.fail(c, connectClass(err), err)
			}
			return
		}
		if c.busy {
			c.q.left = w.l.now()
		}
	}
	if c.busy && c.off < len(c.request.bytes) && events&unix.EPOLLOUT != 0 {
		w.send(c)
	}
	if c.fd >= 0 && events&(unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		c.gone = c.gone || events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0
		w.receive(c)
	}
}
