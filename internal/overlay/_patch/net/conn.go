package net

import (
	"io"
	"os"
	"syscall"
	"time"
	"unsafe"
)

// rbConn is one end of a connection. What it has received lies with it.
type rbConn struct {
	network       string
	local, remote *TCPAddr
	peer          *rbConn
	pair          *byte // what both ends are for the schedule

	buf     []byte
	fin     bool          // the peer will send nothing more
	reset   bool          // the connection is gone
	err     syscall.Errno // that the next operation gets
	noRead  bool          // shut by this side
	noWrite bool
	closed  bool
	changed chan struct{}
	rd, wd  rbDeadline
}

// rbDeadline is over at its time, whether its timer has struck or not: two that are equal are over at once.
type rbDeadline struct {
	pipeDeadline
	at time.Time
}

func rbNoDeadline() rbDeadline { return rbDeadline{pipeDeadline: makePipeDeadline()} }

func (d *rbDeadline) move(t time.Time) {
	d.at = t
	d.set(t)
}

func (d *rbDeadline) over() bool { return !d.at.IsZero() && time.Until(d.at) <= 0 }

func rbPair(network string, from, to *TCPAddr) (client, server *rbConn) {
	end := func(local, remote *TCPAddr) *rbConn {
		return &rbConn{
			network: network, local: local, remote: remote, changed: make(chan struct{}), rd: rbNoDeadline(), wd: rbNoDeadline(),
		}
	}
	client, server = end(from, to), end(to, from)
	client.peer, server.peer = server, client
	client.pair = new(byte)
	server.pair = client.pair
	return client, server
}

func (c *rbConn) fail(op string, err error) error {
	if e, ok := err.(syscall.Errno); ok {
		err = os.NewSyscallError(op, e)
	}
	return &OpError{Op: op, Net: c.network, Source: c.local, Addr: c.remote, Err: err}
}

func (c *rbConn) enter() { rbEnter(unsafe.Pointer(c.pair)) }
func (c *rbConn) leave() { rbLeave(unsafe.Pointer(c.pair)) }

// wake ends the operation, and lets all look anew who wait at either end.
func (c *rbConn) wake() {
	one, two := c.changed, c.peer.changed
	c.changed, c.peer.changed = make(chan struct{}), make(chan struct{})
	c.leave()
	close(one)
	close(two)
}

// pending takes the error that waits for an operation.
func (c *rbConn) pending() syscall.Errno {
	e := c.err
	c.err = 0
	return e
}

func (c *rbConn) Read(p []byte) (int, error) {
	for {
		c.enter()
		switch {
		case c.closed:
			c.leave()
			return 0, c.fail("read", ErrClosed)
		case len(p) == 0:
			c.leave()
			return 0, nil
		case c.rd.over():
			c.leave()
			return 0, c.fail("read", os.ErrDeadlineExceeded)
		case len(c.buf) > 0:
			n := copy(p, c.buf)
			c.buf = c.buf[n:]
			c.wake()
			return n, nil
		case c.fin || c.noRead:
			c.leave()
			return 0, io.EOF
		}
		if e := c.pending(); e != 0 {
			c.leave()
			return 0, c.fail("read", e)
		}
		if c.reset {
			c.leave()
			return 0, io.EOF
		}
		ch := c.changed
		c.leave()
		select {
		case <-ch:
		case <-c.rd.wait():
		}
	}
}

const rbRoom = 64 << 10

func (c *rbConn) Write(p []byte) (int, error) {
	n := 0
	for {
		c.enter()
		switch {
		case c.closed:
			c.leave()
			return n, c.fail("write", ErrClosed)
		case c.wd.over():
			c.leave()
			return n, c.fail("write", os.ErrDeadlineExceeded)
		}
		if e := c.pending(); e != 0 {
			c.leave()
			return n, c.fail("write", e)
		}
		if c.reset || c.noWrite {
			c.leave()
			return n, c.fail("write", syscall.EPIPE)
		}
		if len(p) == 0 {
			c.leave()
			return n, nil
		}
		if c.peer.closed { // sent well, and answered by a reset
			c.gone()
			c.wake()
			return n + len(p), nil
		}
		if room := min(rbRoom-len(c.peer.buf), len(p)); room > 0 {
			c.peer.buf = append(c.peer.buf, p[:room]...)
			p, n = p[room:], n+room
			c.wake()
			if len(p) == 0 {
				return n, nil
			}
			continue
		}
		ch := c.changed
		c.leave()
		select {
		case <-ch:
		case <-c.wd.wait():
		}
	}
}

// gone is a reset that has come in.
func (c *rbConn) gone() {
	if c.closed || c.reset {
		return
	}
	c.reset = true
	c.err = syscall.ECONNRESET
	if c.fin {
		c.err = syscall.EPIPE
	}
}

// Close says goodbye, or resets the connection where something has come that nobody has read.
func (c *rbConn) Close() error {
	c.enter()
	if c.closed {
		c.leave()
		return c.fail("close", ErrClosed)
	}
	c.end()
	c.wake()
	c.rd.move(time.Time{})
	c.wd.move(time.Time{})
	return nil
}

func (c *rbConn) end() {
	c.closed = true
	switch {
	case c.reset:
	case len(c.buf) > 0:
		c.peer.gone()
	default:
		c.peer.fin = true
	}
	c.buf = nil
}

// abort resets a connection that nobody has accepted.
func (c *rbConn) abort() {
	c.enter()
	c.closed = true
	c.peer.gone()
	c.wake()
}

func (c *rbConn) CloseWrite() error {
	c.enter()
	switch {
	case c.closed:
		c.leave()
		return c.fail("close", ErrClosed)
	case c.reset:
		c.leave()
		return &OpError{Op: "close", Net: c.network, Source: c.local, Addr: c.remote, Err: os.NewSyscallError("shutdown", syscall.ENOTCONN)}
	}
	c.noWrite = true
	c.peer.fin = true
	c.wake()
	return nil
}

func (c *rbConn) CloseRead() error {
	c.enter()
	if c.closed {
		c.leave()
		return c.fail("close", ErrClosed)
	}
	c.noRead = true
	c.wake()
	return nil
}

func (c *rbConn) LocalAddr() Addr  { return c.local }
func (c *rbConn) RemoteAddr() Addr { return c.remote }

func (c *rbConn) set(t time.Time, which ...*rbDeadline) error {
	c.enter()
	closed := c.closed
	c.leave()
	if closed {
		return &OpError{Op: "set", Net: c.network, Addr: c.local, Err: ErrClosed}
	}
	for _, d := range which {
		d.move(t)
	}
	return nil
}

func (c *rbConn) SetDeadline(t time.Time) error      { return c.set(t, &c.rd, &c.wd) }
func (c *rbConn) SetReadDeadline(t time.Time) error  { return c.set(t, &c.rd) }
func (c *rbConn) SetWriteDeadline(t time.Time) error { return c.set(t, &c.wd) }
