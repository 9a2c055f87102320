package shell

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/gorilla/websocket"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets/gateway"
)

// A client is a client's end of one connection. It repeats nothing, which a client library would do unasked.
type client struct {
	n       *network
	name    string
	wire    *wire
	conn    *stream
	in      *bufio.Reader
	out     []byte
	answers *world.Object
	useless bool // no further request can be answered
}

func newClient(n *network, w *wire, name string) *client {
	c := &client{n: n, name: name, wire: w, answers: n.w.NewObject("the answer to " + name)}
	c.over(w)
	return c
}

// over sets what the client talks through.
func (c *client) over(conn net.Conn) {
	c.conn = &stream{Conn: conn}
	c.in = bufio.NewReaderSize(c.conn, readBuffer)
}

// A stream is what a client talks through, over the wire with TLS between or without. What comes is counted
// here: the word with which TLS ends is no part of an answer.
type stream struct {
	net.Conn
	in int64
}

// Read implements net.Conn.
func (s *stream) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	s.in += int64(n)
	return n, err
}

// Ask implements gateway.Conn.
func (c *client) Ask(t *world.Task, q gateway.Request, hangUp time.Duration) (r gateway.Response, e gateway.Ending) {
	t.Blocking(c.answers, func() {
		r, e = c.watch(q, func() (gateway.Response, error) { return c.ask(q, hangUp) })
	})
	return r, e
}

// watch makes one exchange and tells its ending by the bytes that went over the wire.
func (c *client) watch(q gateway.Request, exchange func() (gateway.Response, error)) (gateway.Response, gateway.Ending) {
	e := gateway.Ending{Msg: q.ID, End: gateway.NotSent}
	if c.useless || c.wire.ended() {
		c.hangUp()
		return gateway.Response{}, e
	}
	c.wire.busy.Store(true)
	in, out := c.conn.in, c.wire.out.Load()
	r, err := exchange()
	e.In, e.Out = c.conn.in-in, c.wire.out.Load()-out
	switch {
	case err == nil:
		e.End, e.Code = gateway.Answered, int(r.Status)
		c.wire.busy.Store(r.Status == http.StatusSwitchingProtocols)
		if r.Last || c.n.closed.Load() && !c.wire.busy.Load() {
			c.hangUp()
		}
		return r, e
	case errors.Is(err, os.ErrDeadlineExceeded):
		e.End = gateway.HungUp
	case e.In > 0:
		e.End = gateway.CutShort
	case e.Out > 0:
		e.End = gateway.Unanswered
	}
	c.hangUp()
	return gateway.Response{}, e
}

// ask sends a request and reads the whole answer.
func (c *client) ask(q gateway.Request, hangUp time.Duration) (gateway.Response, error) {
	if hangUp > 0 {
		if err := c.conn.SetDeadline(time.Now().Add(hangUp)); err != nil {
			return gateway.Response{}, err
		}
	}
	c.out = c.n.appendRequest(c.out[:0], q)
	small := min(q.Size, int64(len(padding)))
	c.out = append(c.out, padding[:small]...)
	if _, err := c.conn.Write(c.out); err != nil {
		return gateway.Response{}, err
	}
	for rest := q.Size - small; rest > 0; rest -= int64(len(padding)) {
		if _, err := c.conn.Write(padding[:min(rest, int64(len(padding)))]); err != nil {
			return gateway.Response{}, err
		}
	}
	r, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return gateway.Response{}, err
	}
	if hangUp > 0 {
		defer func() { _ = c.conn.SetDeadline(time.Time{}) }()
	}
	return readResponse(r)
}

// readResponse reads an answer's body, which is the id that it answers.
func readResponse(r *http.Response) (gateway.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return gateway.Response{}, err
	}
	id, err := strconv.ParseUint(string(body), 10, 64)
	return gateway.Response{Status: gateway.Status(r.StatusCode), ID: ledger.MsgID(id), Last: r.Close}, err
}

// Upgrade implements gateway.Conn.
func (c *client) Upgrade(t *world.Task, q gateway.Request) (gateway.Socket, gateway.Response, gateway.Ending) {
	var ws *websocket.Conn
	var r gateway.Response
	var e gateway.Ending
	t.Blocking(c.answers, func() {
		r, e = c.watch(q, func() (r gateway.Response, err error) {
			ws, r, err = c.upgrade(q)
			return r, err
		})
	})
	if ws == nil {
		return nil, r, e
	}
	return &clientSocket{socket: newSocket(c.n.w, ws, c.wire, c.name, c.name), c: c}, r, e
}

// endpoint is where WebSockets are; the scheme is the plain one because TLS, if any, lies below.
var endpoint = &url.URL{Scheme: "ws", Host: hostName, Path: "/actor"}

// upgrade asks for a WebSocket. An answer that is none is an answer all the same.
func (c *client) upgrade(q gateway.Request) (*websocket.Conn, gateway.Response, error) {
	dialer := websocket.Dialer{
		NetDial:        func(string, string) (net.Conn, error) { return kept{c.conn}, nil },
		ReadBufferSize: readBuffer, WriteBufferSize: writeBuffer, WriteBufferPool: &writeBuffers,
	}
	ws, r, err := dialer.Dial(endpoint.String(), c.n.requestHeader(q))
	if err == nil {
		return ws, gateway.Response{Status: gateway.Status(r.StatusCode), ID: q.ID}, nil
	}
	if errors.Is(err, websocket.ErrBadHandshake) {
		answer, err := readResponse(r)
		return nil, answer, err
	}
	return nil, gateway.Response{}, err
}

// kept is a connection that survives a refused handshake, after which the library would close it.
type kept struct{ net.Conn }

// Close implements net.Conn.
func (kept) Close() error { return nil }

// HangUp implements gateway.Conn.
func (c *client) HangUp(*world.Task) { c.hangUp() }

func (c *client) hangUp() {
	c.useless = true
	c.wire.drop()
	c.n.forget(c.wire)
}

// A clientSocket is the client's end of a WebSocket.
type clientSocket struct {
	*socket
	c *client
}

// Recv implements gateway.Socket. The end of the connection is also the end of the client's side.
func (s *clientSocket) Recv(t *world.Task) (gateway.Frame, error) {
	f, err := s.socket.Recv(t)
	if err != nil {
		s.Cut(t)
	}
	return f, err
}

// Cut implements gateway.Socket.
func (s *clientSocket) Cut(t *world.Task) {
	s.socket.Cut(t)
	s.c.n.forget(s.wire)
}
