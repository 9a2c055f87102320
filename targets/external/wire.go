package external

import (
	"cmp"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
)

// A wireConn is one connection to the program, with what it carries counted at the socket: below TLS, so
// that the counts are those of the kernel.
type wireConn struct {
	net.Conn
	s        *instance
	port     int // the client's
	ends     ends
	opened   time.Duration // when it was asked for
	sent     atomic.Int64
	received atomic.Int64

	mu          sync.Mutex    // guards what follows
	carried     []mark        // more than one where requests share a connection
	first       time.Duration // when its first request began
	aim, strike []look
	held        []look // of requests that began after the signal
}

// The ends of a connection are the addresses that the kernel knows it by.
type ends struct{ client, server netip.AddrPort }

// A mark says where in the connection's bytes a request lies. Its ends are 0 until they have been handed to
// the socket.
type mark struct {
	msg            ledger.MsgID
	start          int64
	headEnd, end   int64
	began          time.Duration
	whole, carries bool
}

// A look is what the server had read of a request at a moment.
type look struct {
	msg     ledger.MsgID
	reading extern.Reading
}

// Write implements net.Conn.
func (c *wireConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.sent.Add(int64(n))
	return n, err
}

// Read implements net.Conn.
func (c *wireConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.received.Add(int64(n))
	return n, err
}

// Close implements net.Conn.
func (c *wireConn) Close() error {
	c.s.forget(c)
	return c.Conn.Close()
}

// begin says that the connection's next bytes are those of a request.
func (c *wireConn) begin(m ledger.MsgID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.carried = append(c.carried[:0], c.markOf(m))
}

// join says that they are those of one more request, beside the others; part that it is over.
func (c *wireConn) join(m ledger.MsgID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.carried = append(c.carried, c.markOf(m))
}

func (c *wireConn) markOf(m ledger.MsgID) mark {
	x := mark{msg: m, start: c.sent.Load(), carries: true, began: c.s.w.Now()}
	c.first = cmp.Or(c.first, x.began)
	return x
}

func (c *wireConn) part(m ledger.MsgID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.carried = slices.DeleteFunc(c.carried, func(x mark) bool { return x.msg == m })
}

// headSent says that the request's head has been handed to the socket, allSent the same of the whole.
func (c *wireConn) headSent(m ledger.MsgID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.carried {
		if x := &c.carried[i]; x.msg == m {
			x.headEnd = c.sent.Load()
		}
	}
}

func (c *wireConn) allSent(m ledger.MsgID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.carried {
		if x := &c.carried[i]; x.msg == m {
			x.end, x.whole = c.sent.Load(), true
			x.headEnd = cmp.Or(x.headEnd, x.end)
		}
	}
}

// marks are those of the requests that the connection carries, or an empty one.
func (c *wireConn) marks() []mark {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.carried) == 0 {
		return []mark{{}}
	}
	return slices.Clone(c.carried)
}

// note keeps what a look has found out about the requests that the connection carried when the look began.
func (c *wireConn) note(l []look, striking bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if striking {
		c.strike = l
	} else {
		c.aim = l
	}
}

// looked returns what the looks found out about a request.
func (c *wireConn) looked(m ledger.MsgID) (aim, strike extern.Reading) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return readingIn(c.aim, m), readingIn(c.strike, m)
}

// holds is what a look after the signal found that the server had taken of a request, and kept.
func (c *wireConn) holds(m ledger.MsgID) extern.Reading {
	c.mu.Lock()
	defer c.mu.Unlock()
	return readingIn(c.held, m)
}

// lastRead is what the server had read of a request when it closed the connection without a reset. Its kernel
// resets a connection that is closed with anything unread, and takes nothing more on one that is closed: what it
// has taken had been read.
func (c *wireConn) lastRead(m ledger.MsgID) extern.Reading {
	acked := int64(-1)
	if sc, ok := c.Conn.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) { acked = ackedOf(fd) })
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range c.carried {
		if x.msg == m && acked >= 0 {
			return readingOf(x, peer{accepted: true, taken: acked}, true)
		}
	}
	return extern.ReadUnknown
}

func readingIn(looks []look, m ledger.MsgID) extern.Reading {
	for _, l := range looks {
		if l.msg == m {
			return l.reading
		}
	}
	return extern.ReadUnknown
}

// A peer is the server's side of a connection, as the kernel tells it.
type peer struct {
	accepted bool
	unread   int64 // bytes in its receive queue
	taken    int64 // bytes that have come, whether or not they were read; -1: not known
}

// readingOf says how much of a request the server had read, given a mark that is not newer than the look.
func readingOf(m mark, p peer, found bool) extern.Reading {
	switch {
	case !found:
		return extern.ReadUnknown
	case !p.accepted:
		return extern.ReadNotAccepted
	case !m.carries:
		return extern.ReadAll // of nothing
	}
	if p.taken < 0 {
		// Without the count of bytes only an empty queue proves anything.
		switch {
		case p.unread > 0:
			return extern.ReadNothing
		case m.whole:
			return extern.ReadAll
		case m.headEnd > 0:
			return extern.ReadHead
		}
		return extern.ReadUnknown
	}
	read := p.taken - p.unread
	switch {
	case m.whole && read >= m.end:
		return extern.ReadAll
	case m.headEnd > 0 && read >= m.headEnd:
		return extern.ReadHead
	case read > m.start:
		return extern.ReadPart
	}
	return extern.ReadNothing
}
