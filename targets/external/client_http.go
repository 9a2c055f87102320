package external

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// An httpClient sends one request after the other.
type httpClient struct {
	d       *dialer
	conn    *httpConn
	oneshot bool
	q       request
	kept    unclosed
}

const (
	uploadSize   = 64 << 10
	uploadOver   = 160 * time.Millisecond
	uploadPieces = 16
)

func dialHTTP(oneshot bool) func(d *dialer) (client, error) {
	return func(d *dialer) (client, error) {
		c := &httpClient{d: d, oneshot: oneshot}
		method := "GET"
		if d.g.body != "" || d.role.Size > 0 || d.g.kind.name == "http-upload" {
			method = "POST"
		}
		c.q.method = d.g.methodOr(method)
		c.q.body, c.q.ends, c.q.hangUp = []byte(d.g.body), d.g.ends, d.g.hangUp
		if d.g.kind.name == "http-upload" {
			c.q.pieces, c.q.pause = uploadPieces, cmp.Or(d.g.over, uploadOver)/uploadPieces
			c.q.body = bytes.Repeat([]byte("racebench "), int(cmp.Or(d.role.Size, uploadSize))/10+1)[:cmp.Or(d.role.Size, uploadSize)]
		} else if d.role.Size > 0 && d.g.body == "" {
			c.q.body = bytes.Repeat([]byte("x"), int(d.role.Size))
		}
		if d.g.kind.name == "sse" {
			d.g.headers = append(slices.Clone(d.g.headers), [2]string{"Accept", events})
		}
		c.q.head = headOf(d.s.p.address, d.g, c.q.method, d.path(), len(c.q.body), oneshot)
		return c, nil
	}
}

// path is what a client asks for: the group's own path, or the scenario's url's.
func (d *dialer) path() string { return d.g.pathOr(cmp.Or(d.s.p.address.path, "/")) }

// Do implements targets.Client.
func (c *httpClient) Do(t *world.Task, m targets.Message) (reply targets.Reply) {
	end := c.d.asks()
	t.Blocking(c.d.object, func() { reply = c.exchange(m.ID) })
	end(reply.Outcome == ledger.Accepted)
	return reply
}

// exchange does one request. A connection that the server has closed while it was idle is replaced: nothing
// was sent on it.
func (c *httpClient) exchange(m ledger.MsgID) targets.Reply {
	for {
		if c.conn == nil {
			conn, err := c.d.s.open()
			if err != nil {
				return c.d.s.unreached(err)
			}
			c.conn = conn
		}
		q := c.q
		q.msg, q.from = m, c.d
		x := c.conn.do(c.d.s, q)
		if x.close || c.oneshot {
			c.leave(x.wire.End == extern.WireHungUp)
		}
		if x.wire.End != extern.WireRetired {
			return c.d.s.conclude(x, c.d)
		}
		if x.wire.Conn == extern.ConnFresh {
			return c.d.s.conclude(x, c.d)
		}
	}
}

// Close implements targets.Client.
func (c *httpClient) Close(*world.Task) {
	if c.conn != nil {
		c.leave(false)
	}
}

// leave is done with the connection. One that was hung up on is closed in any case.
func (c *httpClient) leave(hungUp bool) {
	if hungUp {
		c.conn.close()
	} else {
		c.kept.leave(c.conn, c.d.g)
	}
	c.conn = nil
}

// unreached is the reply of a client that got no connection.
func (s *instance) unreached(err error) targets.Reply {
	if errors.Is(err, net.ErrClosed) || s.closing.Load() {
		return targets.Reply{}
	}
	return targets.Reply{Outcome: ledger.Refused, Cause: ledger.Closed}
}

// conclude records what is worth recording of a request, and tells the engine how it ended.
func (s *instance) conclude(x exchange, d *dialer) targets.Reply {
	w := x.wire
	struck := time.Duration(s.sent.Load())
	good := w.End == extern.WireAnswered && d.g.status.takes(w.Code)
	x.unended = good && !bodiless(d.g.method, w.Code) && !x.body.tail.ended()
	good = good && !x.unended
	if w.End.Lost() || w.End == extern.WireOpen || w.End == extern.WireHungUp || w.Conn == extern.ConnPreopened || struck > 0 && x.began < struck ||
		good && s.samples(d.role.Group) {
		s.out.Wire(w)
	}
	if struck > 0 && w.End.Lost() {
		s.lostOne()
	}
	if x.why != "" {
		s.remark(d.role.Name, x.why)
	}
	if w.End == extern.WireAnswered && (struck == 0 && good || struck > 0 && x.began < struck) {
		s.keepAnswer(x, d, struck == 0)
	}
	code := uint16(w.Code)
	switch {
	case good:
		d.answers(w, x.began)
		return targets.Reply{Outcome: ledger.Accepted, Code: code}
	case w.End == extern.WireAnswered:
		if struck == 0 {
			s.remark(d.role.Group, d.notWell(x))
		}
		cause := ledger.OtherCause
		switch {
		case extern.Unavailable(w.Code):
			cause = ledger.Closed
		case w.Code == 429:
			cause = ledger.Overloaded
		}
		return targets.Reply{Outcome: ledger.Refused, Cause: cause, Code: code}
	case w.End == extern.WireRetired:
		return targets.Reply{Outcome: ledger.Refused, Cause: ledger.Closed}
	}
	return targets.Reply{}
}

// notWell says what was wrong with an answer that came without a signal.
func (d *dialer) notWell(x exchange) string {
	asked, code, well := d.g.methodOr("GET")+" "+d.path(), x.wire.Code, d.g.status.String()
	if x.unended {
		return fmt.Sprintf("%s was answered with %s and a body that does not end with %q (ends:)", asked, extern.StatusName(code), d.g.ends)
	}
	if d.g.call != "" {
		asked = d.g.call
		if len(d.g.status) == 0 {
			well = "OK"
		}
	}
	text := fmt.Sprintf("%s was answered with %s, not with %s", asked, extern.StatusName(code), well)
	switch name := extern.StatusName(code); {
	case code == 401 || code == 403 || name == "UNAUTHENTICATED" || name == "PERMISSION_DENIED":
		text += "; does it want a header, such as Authorization (headers:, -H)?"
	case name == "INVALID_ARGUMENT":
		text += "; does it want another body (body:, -d)?"
	}
	return text
}

// A preopened client connects at once and sends its first request shortly after the signal.
type preopened struct {
	httpClient
	done bool
}

// afterSignal is how long after the signal the first request of a pre-opened connection comes: the server
// has begun to drain by then.
const afterSignal = 30 * time.Millisecond

func dialPreopened(d *dialer) (client, error) {
	base, err := dialHTTP(true)(d)
	if err != nil {
		return nil, err
	}
	c := &preopened{httpClient: *base.(*httpClient)}
	d.t.Blocking(d.object, func() { c.conn, err = d.s.open() })
	if err != nil {
		return nil, fmt.Errorf("connect before the signal: %w", err)
	}
	return c, nil
}

// Ready implements targets.Pacer.
func (c *preopened) Ready(t *world.Task) bool {
	if c.done || t.Select(c.d.s.out.Over(), c.d.s.out.Struck()) == 0 {
		return false
	}
	t.Sleep(afterSignal)
	c.done = true
	if c.conn.retired() {
		c.conn.close() // told politely, before anything was sent
		return false
	}
	return true
}

// Do implements targets.Client.
func (c *preopened) Do(t *world.Task, m targets.Message) (reply targets.Reply) {
	t.Blocking(c.d.object, func() {
		q := c.q
		q.msg = m.ID
		_, before := c.conn.wire.looked(0) // what was seen of the connection when it had carried nothing
		x := c.conn.do(c.d.s, q)
		x.wire.Conn, x.wire.Strike = extern.ConnPreopened, before
		c.leave(x.wire.End == extern.WireHungUp)
		reply = c.d.s.conclude(x, c.d)
	})
	return reply
}
