package external

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/internal/rpc"
	"github.com/racebench/racebench/targets"
)

// An h2pool is the connections of the groups of clients of HTTP/2: those of one group share one, as they do in
// browsers and behind gateways, until the server takes no more streams on it.
type h2pool struct {
	mu    sync.Mutex
	conns map[string]*h2conn
}

// get returns the group's connection, with room for one more stream. Its user is counted.
func (p *h2pool) get(d *dialer) (*h2conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.conns[d.role.Group]; c != nil && c.admits() {
		return c, nil
	}
	c, err := d.s.openH2(d.g.keeps)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.users++ // even where the server says that it takes no stream: it will refuse it
	c.mu.Unlock()
	if p.conns == nil {
		p.conns = map[string]*h2conn{}
	}
	p.conns[d.role.Group] = c
	return c, nil
}

// admits takes one more user, unless the connection takes no more streams.
func (c *h2conn) admits() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leaving || c.users >= c.most {
		return false
	}
	c.users++
	return true
}

// release gives a user's place back.
func (c *h2conn) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.users--
	c.leave()
}

// An h2client sends one request after the other, each as a stream of its group's connection.
type h2client struct {
	d       *dialer
	conn    *h2conn
	headers []hpack.HeaderField
	body    []byte
	calls   *rpc.Method // of gRPC; nil: requests of another kind
	hung    int         // how often it has hung up
}

func dialHTTP2(d *dialer) (client, error) {
	c := &h2client{d: d, body: []byte(d.g.body)}
	if d.role.Size > 0 && d.g.body == "" {
		c.body = bytes.Repeat([]byte("x"), int(d.role.Size))
	}
	method := "GET"
	if len(c.body) > 0 {
		method = "POST"
	}
	c.headers = h2headers(d.s.p.address, d.g, d.g.methodOr(method), d.path(), len(c.body))
	var err error
	d.t.Blocking(d.object, func() { c.conn, err = d.s.h2.get(d) })
	if err != nil {
		return nil, err
	}
	return c, nil
}

// perConnection are headers of HTTP/1.1 that HTTP/2 forbids: RFC 9113 section 8.2.2.
var perConnection = []string{"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "host"}

// h2headers are a request's fields, in the names of HTTP/2.
func h2headers(a address, g group, method, path string, length int) []hpack.HeaderField {
	scheme, host, agent := "http", a.dial(), "racebench"
	if a.tls {
		scheme = "https"
	}
	var rest []hpack.HeaderField
	for _, h := range g.headers {
		name := strings.ToLower(h[0])
		switch {
		case name == "host":
			host = h[1]
		case name == "user-agent":
			agent = h[1]
		case !slices.Contains(perConnection, name):
			rest = append(rest, hpack.HeaderField{Name: name, Value: h[1]})
		}
	}
	all := []hpack.HeaderField{
		{Name: ":method", Value: method}, {Name: ":scheme", Value: scheme}, {Name: ":authority", Value: host}, {Name: ":path", Value: path},
		{Name: "user-agent", Value: agent},
	}
	if length > 0 {
		all = append(all, hpack.HeaderField{Name: "content-length", Value: strconv.Itoa(length)})
	}
	return append(all, rest...)
}

// Do implements targets.Client.
func (c *h2client) Do(t *world.Task, m targets.Message) (reply targets.Reply) {
	end := c.d.asks()
	t.Blocking(c.d.object, func() { reply = c.exchange(m.ID) })
	end(reply.Outcome == ledger.Accepted)
	return reply
}

// exchange does one request. A connection that took no more streams before anything was sent is replaced.
func (c *h2client) exchange(m ledger.MsgID) targets.Reply {
	for {
		if c.conn == nil {
			conn, err := c.d.s.h2.get(c.d)
			if err != nil {
				return c.d.s.unreached(err)
			}
			c.conn = conn
		}
		x, sent := c.conn.do(m, c)
		if x.close {
			c.Close(nil)
		}
		if sent {
			return c.d.s.conclude(x, c.d)
		}
	}
}

// Close implements targets.Client.
func (c *h2client) Close(*world.Task) {
	if c.conn != nil {
		c.conn.release()
		c.conn = nil
	}
}

// do sends a request and waits until its stream has ended. Nothing of it was sent when sent is false.
func (c *h2conn) do(m ledger.MsgID, from *h2client) (x exchange, sent bool) {
	body := from.body
	x = exchange{wire: ledger.Wire{Lane: m.Lane(), Msg: m, Port: c.wire.port}, began: c.s.w.Now()}
	c.s.requests.Add(1)
	defer c.s.requests.Add(-1)
	defer c.wire.part(m)
	st, out := c.begin(m, from, from.call(&x))
	if st == nil {
		x.close = true
		return x, false
	}
	if st.id > 1 {
		x.wire.Conn = extern.ConnReused
	}
	if len(body) == 0 || c.sendBody(m, st, body, &out) {
		x.wire.Sent = c.s.w.Now()
	} else { // the answer came first, or nobody listens any more
		_ = c.say(func() error { return c.fr.WriteRSTStream(st.id, http2.ErrCodeCancel) })
	}
	from.await(st)
	x.wire.Aim, x.wire.Strike = c.wire.looked(m)
	x.wire.Held = c.wire.holds(m)
	x.wire.First, x.wire.Ended, x.wire.End, x.wire.Code = st.first, c.s.w.Now(), st.end, st.code
	x.wire.Out, x.wire.In, x.why, x.line, x.body = out, st.in, st.why, st.line, st.body
	from.d.left(&x)
	c.mu.Lock()
	x.close = c.leaving
	c.mu.Unlock()
	return x, true
}

// begin opens a stream and sends the request's head. It returns nil when the connection takes no more.
func (c *h2conn) begin(m ledger.MsgID, from *h2client, of *call) (st *h2stream, out int64) {
	last := len(from.body) == 0
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	if c.leaving || c.next >= 1<<31 {
		c.mu.Unlock()
		return nil, 0
	}
	st = &h2stream{id: c.next, window: c.initial, call: of, done: make(chan struct{}), body: body{tail: tailOf(from.d.g.ends), encoded: of != nil}}
	c.next += 2
	c.streams[st.id] = st
	frame := c.frame
	c.mu.Unlock()

	before := c.wire.sent.Load()
	c.wire.join(m)
	c.block.Reset()
	for _, h := range from.headers {
		_ = c.enc.WriteField(h) // into memory
	}
	block := c.block.Bytes()
	n := min(len(block), frame)
	_ = c.fr.WriteHeaders(http2.HeadersFrameParam{StreamID: st.id, BlockFragment: block[:n], EndStream: last, EndHeaders: n == len(block)})
	for block = block[n:]; len(block) > 0; block = block[n:] {
		n = min(len(block), frame)
		_ = c.fr.WriteContinuation(st.id, n == len(block), block[:n])
	}
	if c.w.Flush() == nil { // else the reader learns how the connection ended
		c.wire.headSent(m)
		if last {
			c.wire.allSent(m)
		}
	}
	return st, c.wire.sent.Load() - before
}

// sendBody sends a body as the server's windows allow. It returns false when the stream or the connection
// ended before all of it was sent.
func (c *h2conn) sendBody(m ledger.MsgID, st *h2stream, body []byte, out *int64) bool {
	for len(body) > 0 {
		n := c.room(st, len(body))
		if n == 0 {
			return false
		}
		c.writing.Lock()
		before := c.wire.sent.Load()
		_ = c.fr.WriteData(st.id, n == len(body), body[:n])
		err := c.w.Flush()
		*out += c.wire.sent.Load() - before
		if err == nil && n == len(body) {
			c.wire.allSent(m)
		}
		c.writing.Unlock()
		if err != nil {
			return false
		}
		body = body[n:]
	}
	return true
}

// room waits until some of a body may be sent and takes that from the windows. 0: none ever will.
func (c *h2conn) room(st *h2stream, want int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !st.over && c.ended == nil && min(c.window, st.window) < 1 {
		c.changed.Wait()
	}
	if st.over || c.ended != nil {
		return 0
	}
	n := int(min(int64(want), int64(c.frame), c.window, st.window))
	c.window -= int64(n)
	st.window -= int64(n)
	return n
}
