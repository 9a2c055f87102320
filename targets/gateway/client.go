package gateway

import (
	"errors"
	"fmt"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
	"github.com/racebench/racebench/targets"
)

// A caller is a client that comes over the network.
type caller struct {
	s    *server
	role targets.Role
	door Door
	from string // the address that limits know it by
	hang bool   // it hangs up when it has waited for so long
	conn Conn   // nil: it has none, or one that is of no use any more
	err  error  // why it could not connect, the last time
}

// dialNet makes the client of an op that goes over the network.
func (s *server) dialNet(t *world.Task, r targets.Role) (targets.Client, error) {
	c := &caller{s: s, role: r, from: r.Name}
	if s.oneAddress {
		c.from = "everybody"
	}
	switch r.Op {
	case opHTTPS:
		c.door = TLS
	case opHangUp:
		c.hang = true
		return c, nil
	case opSession:
		return s.fairness.of(s, &session{c}, r.Lane), nil
	case opSocket, opDeaf, opChat:
		return c.last(t)
	case opFrame:
		last, err := c.last(t)
		if err != nil {
			return nil, err
		}
		return s.fairness.of(s, last, r.Lane), nil
	}
	return s.fairness.of(s, c, r.Lane), nil
}

func (c *caller) request(id ledger.MsgID, size int64) Request {
	return Request{ID: id, From: c.from, Size: size, Lane: c.role.Lane, Name: c.role.Name}
}

// connect opens a connection where there is none.
func (c *caller) connect(t *world.Task) bool {
	c.err = nil
	if c.conn == nil {
		var conn Conn
		if conn, c.err = c.s.net.Connect(t, c.door, c.role.Name); c.err == nil {
			c.conn = conn
		}
	}
	return c.err == nil
}

// unconnected is what becomes of a message for which there was no connection. That this machine has no room
// for one says nothing of the server.
func (c *caller) unconnected(t *world.Task, id ledger.MsgID) targets.Reply {
	if !errors.Is(c.err, ErrRefused) {
		t.Sleep(noRoomPause)
		return targets.Reply{}
	}
	return c.s.judge(Ending{Msg: id, End: NotSent}, Response{})
}

// noRoomPause keeps a client from asking without end for what there is not.
const noRoomPause = 10 * time.Millisecond

// Do implements targets.Client: one request. One that did not leave the client is tried again, once.
func (c *caller) Do(t *world.Task, m targets.Message) targets.Reply {
	q, hangUp := c.request(m.ID, m.Size), c.s.hangUpTime
	if !c.hang {
		hangUp = 0
	}
	var r Response
	e := Ending{Msg: m.ID, End: NotSent}
	for attempt := 0; attempt < 2 && e.End == NotSent && c.connect(t); attempt++ {
		r, e = c.conn.Ask(t, q, hangUp)
		if e.End != Answered || r.Last {
			c.conn.HangUp(t)
			c.conn = nil
		}
	}
	if c.err != nil {
		return c.unconnected(t, m.ID)
	}
	return c.s.judge(e, r)
}

// Close implements targets.Client.
func (c *caller) Close(t *world.Task) {
	if c.conn != nil {
		c.conn.HangUp(t)
		c.conn = nil
	}
}

// judge is what a client makes of how its request ended.
func (s *server) judge(e Ending, r Response) targets.Reply {
	switch e.End {
	case Answered, ToldAway:
	case NotSent:
		return targets.Reply{Outcome: ledger.Refused, Cause: ledger.Closed}
	case HungUp:
		return targets.Reply{Outcome: ledger.Unknown, Cause: ledger.Cancelled}
	default:
		return targets.Reply{Outcome: ledger.Unknown}
	}
	switch r.Status {
	case StatusOK:
		if r.ID != e.Msg {
			s.discard(missed(e.Msg, e.Msg.Lane(), stationClient, causeCrossed, "", s.begun.Get() != 0))
			return targets.Reply{Outcome: ledger.Unknown}
		}
		return targets.Reply{Outcome: ledger.Accepted}
	case StatusUnavailable:
		return targets.Reply{Outcome: ledger.Refused, Cause: ledger.Closed}
	case StatusRateLimited:
		return targets.Reply{Outcome: ledger.Refused, Cause: ledger.Overloaded}
	case StatusTimeout:
		return targets.Reply{Outcome: ledger.Refused, Cause: ledger.Timeout}
	}
	return targets.Reply{Outcome: ledger.Refused, Cause: ledger.OtherCause}
}

// A session is the client of an op that is a whole WebSocket.
type session struct{ *caller }

// Do implements targets.Client.
func (c *session) Do(t *world.Task, m targets.Message) targets.Reply {
	if !c.connect(t) {
		return c.unconnected(t, m.ID)
	}
	defer func() { c.conn = nil }()
	socket, r, e := c.conn.Upgrade(t, c.request(m.ID, m.Size))
	if socket == nil {
		c.conn.HangUp(t)
		return c.s.judge(e, r)
	}
	defer socket.Cut(t)
	var held holding
	held.begin(t, c.caller)
	reply, sent := targets.Reply{}, held.now(t)
	if socket.Send(t, Frame{Kind: Data, ID: m.ID, Size: m.Size}) != nil {
		return reply
	}
	for {
		f, err := socket.Recv(t)
		switch {
		case err != nil:
			return reply
		case f.Kind == Ack && f.ID == m.ID:
			reply = targets.Reply{Outcome: ledger.Accepted}
			held.until(m.ID, sent)
			sent = held.now(t)
			if socket.Send(t, Frame{Kind: Close, Code: CodeNormal}) != nil {
				return reply
			}
		case f.Kind == Ping:
			_ = socket.Send(t, Frame{Kind: Pong, Seq: f.Seq}) // the next Recv tells of a lost connection
		case f.Kind == Close:
			if reply.Outcome != ledger.Accepted {
				_ = socket.Send(t, Frame{Kind: Close, Code: f.Code})
				return targets.Reply{Outcome: ledger.Unknown, Cause: ledger.Closed}
			}
			if f.Code == CodeNormal {
				held.until(m.ID, sent) // its own close, answered
			}
			return reply
		}
	}
}

// A lasting client keeps one WebSocket open. A task of the harness's realm reads for it.
type lasting struct {
	*caller
	socket Socket
	acks   *prim.Queue[ledger.MsgID]
	closed *world.Token
	code   world.Note // of the server's Close frame; 0: there was none
	held   holding
}

// last connects a lasting client.
func (c *caller) last(t *world.Task) (targets.Client, error) {
	if !c.connect(t) {
		return nil, c.err
	}
	q := c.request(ledger.NewMsgID(c.role.Lane, 0), 0)
	q.Listens = c.role.Op != opFrame
	socket, r, e := c.conn.Upgrade(t, q)
	if socket == nil {
		c.conn.HangUp(t)
		return nil, fmt.Errorf("upgrade %s: status %d, ending %d", c.role.Name, r.Status, e.End)
	}
	l := &lasting{
		caller: c, socket: socket, acks: prim.NewQueue[ledger.MsgID](c.s.w, "the acknowledgements of "+c.role.Name, 0),
		closed: c.s.w.NewToken("the close of " + c.role.Name),
	}
	l.held.begin(t, c)
	if c.role.Op != opDeaf {
		c.s.w.Go(world.Harness, "reads for "+c.role.Name, l.read)
	}
	return l, nil
}

// read takes what the server sends, a frame at a time.
func (c *lasting) read(t *world.Task) {
	for {
		f, err := c.socket.Recv(t)
		if err != nil {
			c.tell(t)
			c.closed.Cancel(t)
			return
		}
		switch f.Kind {
		case Data:
			if c.role.Handle == nil {
				continue // it does not listen: this is somebody else's
			}
			// The handler's own error is not the server's to know.
			_ = c.role.Handle(t, targets.Message{ID: f.ID, Topic: topicPush, Size: f.Size})
		case Ack:
			if c.role.Op == opChat {
				continue // nobody waits for it
			}
			_ = c.acks.TrySend(t, f.ID) // unbounded, and open
		case Ping:
			_ = c.socket.Send(t, Frame{Kind: Pong, Seq: f.Seq}) // the next Recv tells of a lost connection
		case Close:
			c.code.Set(int64(f.Code))
			c.closed.Cancel(t)
			_ = c.socket.Send(t, Frame{Kind: Close, Code: f.Code})
		}
	}
}

// tell records how the connection ended: by the code of the server's Close frame, or without one.
func (c *lasting) tell(t *world.Task) {
	code := int(c.code.Get())
	if code == 0 {
		code = CodeAbnormal
	}
	c.s.probe.Closed(t, c.role.Lane, code)
}

// Do implements targets.Client: one frame and its acknowledgement.
func (c *lasting) Do(t *world.Task, m targets.Message) targets.Reply {
	sent := c.held.now(t)
	if c.closed.Cancelled(t) || c.socket.Send(t, Frame{Kind: Data, ID: m.ID, Size: m.Size}) != nil {
		return targets.Reply{Outcome: ledger.Refused, Cause: c.whyClosed(t)}
	}
	if c.role.Op == opChat {
		return targets.Reply{} // it is sent on the task that would read the acknowledgement
	}
	receiving := c.acks.Receiving()
	for t.Select(receiving, c.closed) == 0 {
		if id, _ := receiving.Result(); id == m.ID {
			c.held.until(m.ID, sent)
			return targets.Reply{Outcome: ledger.Accepted}
		}
	}
	return targets.Reply{Outcome: ledger.Unknown, Cause: ledger.Closed}
}

// whyClosed is why a client's connection is of no use any more: the server's Close frame says whether it was declared
// dead or overloaded. After a failed send the reader still finds that frame, and the client waits for it. A chat reads and
// sends on one task, and cannot wait for itself.
func (c *lasting) whyClosed(t *world.Task) ledger.Cause {
	if c.role.Op == opFrame {
		t.Await(c.closed)
	}
	switch c.code.Get() {
	case CodeTimeout:
		return ledger.Timeout
	case CodeOverload:
		return ledger.Overloaded
	}
	return ledger.Closed
}

// Close implements targets.Client.
func (c *lasting) Close(t *world.Task) { c.socket.Cut(t) }

// A pusher is an actor that sends to every socket that listens.
type pusher struct{ s *server }

// Do implements targets.Client. A push that has reached the subject for some sockets and not for others
// when the process ends is neither accepted nor refused.
func (p *pusher) Do(t *world.Task, m targets.Message) targets.Reply {
	s := p.s
	if !s.pushes.enter(t) {
		return targets.Reply{Outcome: ledger.Refused, Cause: ledger.Closed}
	}
	defer s.pushes.leave(t)
	if s.dead.Cancelled(t) {
		return targets.Reply{Outcome: ledger.Refused, Cause: ledger.Closed}
	}
	if !s.lock(t, s.tunnel.books) {
		return targets.Reply{Outcome: ledger.Refused, Cause: ledger.Closed}
	}
	sockets := s.tunnel.sockets
	s.tunnel.books.Unlock(t)
	for i, e := range sockets {
		if e.unlisted.Get() != 0 || !e.hold(t) {
			if e.closedInDrain() {
				s.discard(s.forgone(m.ID, e, stationSubject))
			}
			continue
		}
		if !s.tunnel.publish(t, parcel{kind: push, id: e.id, lane: e.lane, msg: m}) {
			if i == 0 {
				return targets.Reply{Outcome: ledger.Refused, Cause: ledger.Closed}
			}
			return targets.Reply{}
		}
	}
	return targets.Reply{Outcome: ledger.Accepted}
}

// Close implements targets.Client.
func (*pusher) Close(*world.Task) {}
