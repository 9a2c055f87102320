package external

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// Operation codes of WebSocket frames, RFC 6455 section 5.2.
const (
	frameText  = 1
	frameClose = 8
	framePing  = 9
	framePong  = 10
	// mostPayload is the largest frame that is read.
	mostPayload = 16 << 20
	// noStatus is what a close frame without a code means.
	noStatus = 1005
)

// A webSocket is a session that stays open until the server or the trial ends it.
type webSocket struct {
	d     *dialer
	conn  *httpConn
	wire  ledger.Wire
	ended bool
}

func dialWebSocket(d *dialer) (client, error) {
	c := &webSocket{d: d}
	var err error
	d.t.Blocking(d.object, func() { err = c.open() })
	if err != nil {
		if c.conn != nil {
			c.conn.close()
		}
		return nil, err
	}
	return c, nil
}

// open makes the connection and its handshake, and says hello.
func (c *webSocket) open() error {
	s := c.d.s
	conn, err := s.open()
	if err != nil {
		return err
	}
	c.conn = conn
	var nonce [16]byte
	_, _ = rand.Read(nonce[:]) // the protocol wants it; nothing depends on what it is
	g := c.d.g
	g.headers = append(g.headers[:len(g.headers):len(g.headers)], handshake(base64.StdEncoding.EncodeToString(nonce[:]))...)
	if _, err := conn.rw.Write(headOf(s.p.address, g, "GET", c.d.path(), 0, false)); err != nil {
		return err
	}
	h, err := readHead(conn.r)
	if err != nil {
		return fmt.Errorf("no answer to the WebSocket handshake: %w", err)
	}
	if h.status != 101 {
		return fmt.Errorf("GET %s was answered with %d, not with 101: there is no WebSocket", c.d.path(), h.status)
	}
	c.wire = ledger.Wire{Lane: c.d.role.Lane, Port: conn.wire.port, Sent: s.w.Now()}
	s.sessions.Add(1)
	if g.hello != "" {
		return c.sendFrame(frameText, []byte(g.hello))
	}
	return nil
}

// Ready implements targets.Pacer. An idle session is only listened to; one that talks begins the next round.
func (c *webSocket) Ready(t *world.Task) bool {
	if c.ended {
		return false
	}
	if c.d.g.send != "" {
		return true
	}
	t.Blocking(c.d.s.w.NewObject("the end of the WebSocket"), func() {
		for !c.ended {
			c.next()
		}
	})
	return false
}

// Do implements targets.Client: a message is sent, and any message awaited.
func (c *webSocket) Do(t *world.Task, _ targets.Message) (reply targets.Reply) {
	t.Blocking(c.d.object, func() {
		began := c.d.s.w.Now()
		if err := c.sendFrame(frameText, []byte(c.d.g.send)); err != nil && c.ended {
			return
		}
		for !c.ended {
			if c.next() == frameText {
				reply.Outcome = ledger.Accepted
				c.d.answers(ledger.Wire{Conn: extern.ConnReused, Port: c.wire.Port}, began)
				return
			}
		}
	})
	return reply
}

// Close implements targets.Client.
func (c *webSocket) Close(*world.Task) { c.leave() }

// leave closes the client's side, unless the client never does.
func (c *webSocket) leave() {
	if !c.d.g.keeps {
		c.conn.close()
	}
}

// next reads one frame and deals with those of the protocol itself. It returns frameText for any data.
func (c *webSocket) next() int {
	op, payload, err := c.readFrame()
	switch {
	case err != nil:
		c.end(c.d.s.endBy(err), 0)
		return 0
	case op == framePing:
		_ = c.sendFrame(framePong, payload)
		return op
	case op == framePong:
		return op
	case op == frameClose:
		code := noStatus
		if len(payload) >= 2 {
			code = int(binary.BigEndian.Uint16(payload))
		}
		_ = c.sendFrame(frameClose, payload[:min(2, len(payload))])
		c.end(extern.WireClosed, code)
		return op
	}
	return frameText
}

// end records how the session ended.
func (c *webSocket) end(how extern.WireEnd, code int) {
	if c.ended {
		return
	}
	c.ended = true
	c.wire.End, c.wire.Code, c.wire.Ended = how, code, c.d.s.w.Now()
	c.wire.Out, c.wire.In = c.conn.wire.sent.Load(), c.conn.wire.received.Load()
	c.d.s.out.Wire(c.wire)
	c.leave()
	c.d.s.sessions.Add(-1)
}

// sendFrame sends a masked frame. The mask is zeros: it protects proxies, and there is none.
func (c *webSocket) sendFrame(op byte, payload []byte) error {
	frame := []byte{0x80 | op}
	switch n := len(payload); {
	case n < 126:
		frame = append(frame, 0x80|byte(n))
	case n < 1<<16:
		frame = binary.BigEndian.AppendUint16(append(frame, 0x80|126), uint16(n))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, 0x80|127), uint64(n))
	}
	frame = append(frame, 0, 0, 0, 0)
	_, err := c.conn.rw.Write(append(frame, payload...))
	return err
}

// readFrame reads one frame.
func (c *webSocket) readFrame() (op int, payload []byte, err error) {
	var head [2]byte
	if _, err := io.ReadFull(c.conn.r, head[:]); err != nil {
		return 0, nil, err
	}
	size := uint64(head[1] & 0x7f)
	switch size {
	case 126:
		var b [2]byte
		_, err = io.ReadFull(c.conn.r, b[:])
		size = uint64(binary.BigEndian.Uint16(b[:]))
	case 127:
		var b [8]byte
		_, err = io.ReadFull(c.conn.r, b[:])
		size = binary.BigEndian.Uint64(b[:])
	}
	if err != nil {
		return 0, nil, err
	}
	if size > mostPayload {
		return 0, nil, errors.New("a frame of more than 16 MiB")
	}
	payload = make([]byte, size)
	_, err = io.ReadFull(c.conn.r, payload)
	return int(head[0] & 0x0f), payload, err
}
