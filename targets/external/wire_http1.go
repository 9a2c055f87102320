package external

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
)

// HTTP/1.1 is racebench's own: the standard client sends a request that died in flight a second time, and
// nobody learns that the first was lost. Nothing here is ever sent twice.

// An httpConn is one connection that carries HTTP/1.1.
type httpConn struct {
	wire *wireConn
	rw   net.Conn // wire, or TLS over it
	r    *bufio.Reader
	used int // requests it has carried
}

// open makes a connection, with TLS where the scenario's url asks for it.
func (s *instance) open() (*httpConn, error) {
	wire, err := s.connect()
	if err != nil {
		return nil, err
	}
	rw, err := s.p.address.secure(wire, "http/1.1")
	if err != nil {
		_ = wire.Close()
		return nil, err
	}
	return &httpConn{wire: wire, rw: rw, r: bufio.NewReaderSize(rw, 8<<10)}, nil
}

// secure puts TLS over a connection, where the scenario's url asks for it.
func (a address) secure(wire net.Conn, protocols ...string) (net.Conn, error) {
	if !a.tls {
		return wire, nil
	}
	t := tls.Client(wire, a.unverified(protocols...))
	if err := t.Handshake(); err != nil {
		return nil, fmt.Errorf("TLS: %w", err)
	}
	return t, nil
}

// unverified is how TLS is spoken. The address is this machine's, and the listener was seen to be the program's:
// there is no name to verify.
func (a address) unverified(protocols ...string) *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, ServerName: a.host, NextProtos: protocols}
}

// connectSecurely is connect, with TLS where the scenario's url asks for it.
func (s *instance) connectSecurely() (net.Conn, error) {
	wire, err := s.connect()
	if err != nil {
		return nil, err
	}
	_ = wire.SetDeadline(time.Now().Add(answerLimit))
	rw, err := s.p.address.secure(wire)
	if err != nil {
		_ = wire.Close()
		return nil, err
	}
	_ = wire.SetDeadline(time.Time{})
	return rw, nil
}

func (c *httpConn) close() { _ = c.rw.Close() }

// An exchange is one request and what became of it.
type exchange struct {
	wire  ledger.Wire
	began time.Duration
	close bool // the connection carries no further request
	why   string
	line  string // the answer's status line
	place string // its Location
	// unsized says that its head has come and does not say how long it is.
	unsized bool
	unended bool // it has a good status, and not the end that whole answers have
	// declared says that the schema of what is asked for has a stream as the answer.
	declared bool
	body     body
}

// request is what is sent: a head, and a body at once or in pieces.
type request struct {
	msg    ledger.MsgID
	method string
	head   []byte
	body   []byte
	pieces int           // 0: with the head
	pause  time.Duration // between them
	hangUp time.Duration // how long its answer is waited for; 0: to its end
	// read takes one whole answer and says whether the connection carries no further request; nil is HTTP/1.1.
	read func(r *bufio.Reader, x *exchange) (last bool, err error)
	from *dialer       // whose answers may be streams; nil: nobody's
	also *bytes.Buffer // keeps the answer's body; nil: nobody wants it
	ends string        // what a whole answer ends with; empty: that is not known
}

// headOf renders a request's head once; it is the same for all requests of a client.
func headOf(a address, g group, method, path string, length int, last bool) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", method, path)
	host, agent := a.dial(), false
	for _, h := range g.headers {
		if strings.EqualFold(h[0], "host") {
			host = h[1]
			continue
		}
		agent = agent || strings.EqualFold(h[0], "user-agent")
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	fmt.Fprintf(&b, "Host: %s\r\n", host)
	if !agent {
		b.WriteString("User-Agent: racebench\r\n")
	}
	if length > 0 || method == "POST" || method == "PUT" || method == "PATCH" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", length)
	}
	if last {
		b.WriteString("Connection: close\r\n")
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// do sends a request and reads its answer. It blocks until the answer is whole or the connection ends.
func (c *httpConn) do(s *instance, q request) exchange {
	x := exchange{wire: ledger.Wire{Lane: q.msg.Lane(), Msg: q.msg, Port: c.wire.port}, close: true, began: s.w.Now()}
	x.body.tail = tailOf(q.ends)
	if c.used > 0 {
		x.wire.Conn = extern.ConnReused
		if c.retired() {
			x.wire.End = extern.WireRetired
			return x
		}
	}
	c.used++
	out, in := c.wire.sent.Load(), c.wire.received.Load()
	c.wire.begin(q.msg)
	s.requests.Add(1)
	defer s.requests.Add(-1)
	err := c.send(s, q)
	if err == nil {
		x.wire.Sent = s.w.Now()
		c.hurry(q)
	}
	x.wire.Out = c.wire.sent.Load() - out
	if err != nil && x.wire.Out == 0 && q.pieces == 0 {
		// Not a byte of it left this side.
		x.wire.End, x.wire.Ended = extern.WireRetired, s.w.Now()
		return x
	}
	// An answer may have come although not all could be sent.
	x.close = c.receive(s, q, &x, err)
	if q.from != nil {
		q.from.left(&x)
	}
	x.wire.Ended = s.w.Now()
	x.wire.In = c.wire.received.Load() - in
	x.wire.Aim, x.wire.Strike = c.wire.looked(q.msg)
	x.wire.Held = c.wire.holds(q.msg)
	if x.wire.End == extern.WireEOF {
		x.wire.Last = c.wire.lastRead(q.msg)
	}
	return x
}

func (c *httpConn) send(s *instance, q request) error {
	if q.pieces == 0 {
		if _, err := c.rw.Write(append(q.head[:len(q.head):len(q.head)], q.body...)); err != nil {
			return err
		}
		c.wire.allSent(q.msg)
		return nil
	}
	if _, err := c.rw.Write(q.head); err != nil {
		return err
	}
	c.wire.headSent(q.msg)
	size := (len(q.body) + q.pieces - 1) / q.pieces
	for rest := q.body; len(rest) > 0; {
		n := min(size, len(rest))
		if _, err := c.rw.Write(rest[:n]); err != nil {
			return err
		}
		if rest = rest[n:]; len(rest) > 0 {
			time.Sleep(q.pause)
		}
	}
	c.wire.allSent(q.msg)
	return nil
}

// receive reads the answer and says whether the connection is of no more use.
func (c *httpConn) receive(s *instance, q request, x *exchange, sendErr error) (last bool) {
	if _, err := c.r.Peek(1); err != nil {
		if x.wire.End = s.endBy(err, sendErr); q.givenUp(err) {
			x.wire.End = extern.WireHungUp
		}
		return true
	}
	x.wire.First = s.w.Now()
	read := q.read
	if read == nil {
		read = q.readHTTP
	}
	last, err := read(c.r, x)
	if err != nil {
		if x.fail(s, err); q.givenUp(err) {
			x.wire.End = extern.WireHungUp
		}
		return true
	}
	if q.hangUp > 0 {
		_ = c.wire.SetReadDeadline(time.Time{})
	}
	x.wire.End = extern.WireAnswered
	return last || sendErr != nil
}

// readHTTP takes one answer of HTTP/1.1.
func (q request) readHTTP(r *bufio.Reader, x *exchange) (last bool, err error) {
	for {
		h, err := readHead(r)
		if err != nil {
			return true, err
		}
		if h.status >= 100 && h.status < 200 && h.status != 101 {
			continue
		}
		x.wire.Code, x.line, x.place, x.body.also = h.status, h.line, h.place, q.also
		if q.from != nil {
			q.from.headed(h, x)
		}
		err = h.readBody(r, q.method, &x.body)
		return h.last, err
	}
}

// fail says how an answer that had begun ended.
func (x *exchange) fail(s *instance, err error) {
	switch {
	case s.closing.Load():
		x.wire.End = extern.WireOpen
	case errors.Is(err, errGarbage):
		x.wire.End, x.why = extern.WireGarbage, err.Error()
	default:
		x.wire.End = extern.WireCut
	}
}

// endBy says how a connection ended on which no answer had begun.
func (s *instance) endBy(errs ...error) extern.WireEnd {
	if s.closing.Load() {
		return extern.WireOpen // racebench took it down
	}
	for _, err := range errs {
		if errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
			return extern.WireReset
		}
	}
	return extern.WireEOF
}

// retired says whether the server has closed an idle connection: nothing that is sent now could be read. Over
// TLS there may be records of the protocol's own before the end.
func (c *httpConn) retired() bool {
	if c.r.Buffered() > 0 {
		return false
	}
	waiting, ended := c.wire.pending()
	if _, plain := c.rw.(*wireConn); plain || !waiting {
		return ended
	}
	_ = c.wire.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := c.r.Peek(1)
	_ = c.wire.SetReadDeadline(time.Time{})
	var timeout net.Error
	return err != nil && !(errors.As(err, &timeout) && timeout.Timeout())
}

// getStatus asks for a path once, on a connection of its own, for readiness. It reads the body only where somebody wants it.
func getStatus(a address, path string, limit time.Duration, body io.Writer) (int, error) {
	conn, err := a.connect(time.Second)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(limit))
	var rw net.Conn = conn
	if a.tls {
		rw = tls.Client(conn, a.unverified())
	}
	if _, err := rw.Write(headOf(a, group{}, "GET", path, 0, true)); err != nil {
		return 0, err
	}
	r := bufio.NewReader(rw)
	h, err := readHead(r)
	if err == nil && body != nil {
		err = h.readBody(r, "GET", body)
	}
	return h.status, err
}
