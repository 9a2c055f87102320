package net

import (
	"context"
	"internal/race"
	"os"
	"syscall"
	"time"
	"unsafe"
)

// Connections of a controlled bubble are in memory: a real one would be answered from outside of the schedule. They behave
// as TCP does on Linux's loopback. Between two points of a schedule nobody else runs, so that nothing here takes a lock;
// every operation is one point.

//go:linkname rbon
func rbon() bool

//go:linkname rbgen
func rbgen() int

//go:linkname rbpoint
func rbpoint(kind uint8, obj unsafe.Pointer)

const rbIO = 24 // the kind of package schedule

// rbNet is what the schedule has.
var rbNet struct {
	gen  int
	next int // the next free port
	ls   []*rbListener
}

// rbTakes says whether a connection is one of the schedule. Who wants the descriptor gets a real one.
func rbTakes(control func(network, address string, c syscall.RawConn) error, network string) bool {
	if control != nil || network != "tcp" && network != "tcp4" && network != "tcp6" || !rbon() {
		return false
	}
	if g := rbgen(); g != rbNet.gen {
		rbNet.ls, rbNet.next, rbNet.gen = nil, 40000, g
	}
	return true
}

// rbEnter begins an operation, and rbLeave ends it. For the race detector they are a lock.
func rbEnter(p unsafe.Pointer) {
	rbpoint(rbIO, p)
	race.Acquire(p)
}

func rbLeave(p unsafe.Pointer) { race.ReleaseMerge(p) }

const rbBacklog = 4096

type rbListener struct {
	network string
	addr    *TCPAddr
	queue   []*rbConn
	closed  bool
	changed chan struct{}
	dl      rbDeadline
}

func rbListen(network, address string) (Listener, error) {
	fail := func(a Addr, err error) error { return &OpError{Op: "listen", Net: network, Addr: a, Err: err} }
	addrs, err := rbResolve(network, address, true)
	if err != nil {
		return nil, fail(nil, err)
	}
	a := addrs[0]
	named := *a
	switch {
	case a.IP == nil && network == "tcp4":
		a.IP = IPv4zero
	case a.IP == nil || a.IP.IsUnspecified() && network == "tcp":
		a.IP = IPv6unspecified
	case !a.IP.IsLoopback() && !a.IP.IsUnspecified():
		return nil, fail(a, os.NewSyscallError("bind", syscall.EADDRNOTAVAIL))
	}
	rbEnter(unsafe.Pointer(&rbNet))
	defer rbLeave(unsafe.Pointer(&rbNet))
	if a.Port == 0 {
		a.Port = rbFree()
	}
	for _, l := range rbNet.ls {
		if l.addr.Port == a.Port && (l.addr.IP.Equal(a.IP) || l.addr.IP.IsUnspecified() || a.IP.IsUnspecified()) {
			named.Port = a.Port
			return nil, fail(&named, os.NewSyscallError("bind", syscall.EADDRINUSE))
		}
	}
	l := &rbListener{network: network, addr: a, changed: make(chan struct{}), dl: rbNoDeadline()}
	rbNet.ls = append(rbNet.ls, l)
	return l, nil
}

// rbFree is a port that nobody listens on.
func rbFree() int {
	for {
		rbNet.next++
		taken := false
		for _, l := range rbNet.ls {
			taken = taken || l.addr.Port == rbNet.next
		}
		if !taken {
			return rbNet.next
		}
	}
}

func (l *rbListener) Addr() Addr { return l.addr }

func (l *rbListener) fail(op string, err error) error {
	return &OpError{Op: op, Net: l.network, Addr: l.addr, Err: err}
}

func (l *rbListener) Accept() (Conn, error) {
	for {
		rbEnter(unsafe.Pointer(&rbNet))
		switch {
		case l.closed:
			rbLeave(unsafe.Pointer(&rbNet))
			return nil, l.fail("accept", ErrClosed)
		case l.dl.over():
			rbLeave(unsafe.Pointer(&rbNet))
			return nil, l.fail("accept", os.ErrDeadlineExceeded)
		case len(l.queue) > 0:
			c := l.queue[0]
			l.queue = l.queue[1:]
			l.wake(unsafe.Pointer(&rbNet))
			return c, nil
		}
		ch := l.changed
		rbLeave(unsafe.Pointer(&rbNet))
		select {
		case <-ch:
		case <-l.dl.wait():
		}
	}
}

// wake ends the operation, and lets all look anew who wait.
func (l *rbListener) wake(p unsafe.Pointer) {
	ch := l.changed
	l.changed = make(chan struct{})
	rbLeave(p)
	close(ch)
}

// Close resets what waits in the backlog: nobody will accept it.
func (l *rbListener) Close() error {
	rbEnter(unsafe.Pointer(&rbNet))
	if l.closed {
		rbLeave(unsafe.Pointer(&rbNet))
		return l.fail("close", ErrClosed)
	}
	l.closed = true
	for i, o := range rbNet.ls {
		if o == l {
			rbNet.ls = append(rbNet.ls[:i:i], rbNet.ls[i+1:]...)
			break
		}
	}
	left := l.queue
	l.queue = nil
	l.wake(unsafe.Pointer(&rbNet))
	for _, c := range left {
		c.abort()
	}
	l.dl.move(time.Time{})
	return nil
}

func (l *rbListener) SetDeadline(t time.Time) error {
	if l.closed {
		return ErrClosed
	}
	l.dl.move(t)
	return nil
}

func rbDial(ctx context.Context, d *Dialer, network, address string) (Conn, error) {
	fail := func(a *TCPAddr, err error) error {
		e := &OpError{Op: "dial", Net: network, Source: d.LocalAddr, Err: err}
		if a != nil {
			e.Addr = a
		}
		return e
	}
	if dl := d.deadline(ctx, time.Now()); !dl.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, dl)
		defer cancel()
	}
	addrs, err := rbResolve(network, address, false)
	if err != nil {
		return nil, fail(nil, err)
	}
	var first error
	for _, a := range addrs {
		if err := ctx.Err(); err != nil {
			return nil, fail(a, mapErr(err))
		}
		c, err := rbConnect(ctx, d, network, a)
		if err == nil {
			return c, nil
		}
		if first == nil {
			first = fail(a, err)
		}
	}
	return nil, first
}

func rbConnect(ctx context.Context, d *Dialer, network string, to *TCPAddr) (Conn, error) {
	if !to.IP.IsLoopback() {
		return nil, os.NewSyscallError("connect", syscall.ENETUNREACH)
	}
	for {
		rbEnter(unsafe.Pointer(&rbNet))
		var l *rbListener
		for _, o := range rbNet.ls {
			if o.addr.Port == to.Port && (o.addr.IP.Equal(to.IP) || o.addr.IP.IsUnspecified() && rbFamily(o, to)) {
				l = o
			}
		}
		if l == nil {
			rbLeave(unsafe.Pointer(&rbNet))
			return nil, os.NewSyscallError("connect", syscall.ECONNREFUSED)
		}
		if len(l.queue) < rbBacklog {
			from := &TCPAddr{IP: to.IP, Port: rbFree()}
			if a, ok := d.LocalAddr.(*TCPAddr); ok && a != nil && a.Port != 0 {
				from.Port = a.Port
			}
			client, server := rbPair(network, from, to)
			l.queue = append(l.queue, server)
			l.wake(unsafe.Pointer(&rbNet))
			return client, nil
		}
		ch := l.changed // the backlog is full: the caller waits, as for an answer that does not come
		rbLeave(unsafe.Pointer(&rbNet))
		select {
		case <-ch:
		case <-ctx.Done():
			return nil, mapErr(ctx.Err())
		}
	}
}

// rbFamily says whether a listener on all addresses has those of a family.
func rbFamily(l *rbListener, to *TCPAddr) bool {
	four := to.IP.To4() != nil
	return l.network == "tcp" && l.addr.IP.To4() == nil || four == (l.addr.IP.To4() != nil)
}

// rbResolve knows this machine: its addresses and the name localhost.
func rbResolve(network, address string, listen bool) ([]*TCPAddr, error) {
	if address == "" && listen {
		address = ":0"
	} else if address == "" {
		return nil, errMissingAddress
	}
	host, service, err := SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := LookupPort(network, service)
	if err != nil {
		return nil, err
	}
	four, six := IPv4(127, 0, 0, 1), IPv6loopback
	var ips []IP
	switch ip := ParseIP(host); {
	case host == "" && listen:
		return []*TCPAddr{{Port: port}}, nil
	case host == "" || host == "localhost":
		ips = []IP{four, six}
	case ip == nil:
		return nil, &DNSError{Err: errNoSuchHost.Error(), Name: host, IsNotFound: true}
	case ip.IsUnspecified() && !listen && ip.To4() != nil:
		ips = []IP{four}
	case ip.IsUnspecified() && !listen:
		ips = []IP{six, four}
	default:
		ips = []IP{ip}
	}
	var addrs []*TCPAddr
	for _, ip := range ips {
		if is4 := ip.To4() != nil; network == "tcp" || is4 == (network == "tcp4") {
			addrs = append(addrs, &TCPAddr{IP: ip, Port: port})
		}
	}
	if len(addrs) == 0 {
		return nil, &AddrError{Err: errNoSuitableAddress.Error(), Addr: host}
	}
	return addrs, nil
}
