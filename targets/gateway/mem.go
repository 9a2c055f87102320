package gateway

import (
	"time"

	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
)

// memNet is a Net of message connections in memory: what a simulated world has for sockets.
type memNet struct {
	w     *world.World
	wire  int // packets that a connection holds each way, as the buffers of two sockets do
	doors [2]*memListener
}

func newMemNet(w *world.World, wire int) *memNet { return &memNet{w: w, wire: wire} }

// Listen implements Net.
func (n *memNet) Listen(_ *world.Task, door Door, serve Serve) (Listener, error) {
	name := door.String()
	n.doors[door] = &memListener{
		net: n, serve: serve, accepting: true,
		books:  n.w.NewMutex("the connections of " + name),
		finish: n.w.NewToken("the shutdown of " + name),
		none:   n.w.NewToken("the last connection of " + name),
		served: n.w.NewAtomic("the number of connections of "+name, 0),
	}
	return n.doors[door], nil
}

// Connect implements Net.
func (n *memNet) Connect(t *world.Task, door Door, name string) (Conn, error) {
	return n.doors[door].connect(t, name)
}

// Close implements Net: nothing is left of memory.
func (n *memNet) Close(*world.Task) {}

// A memListener is one door and its connections.
type memListener struct {
	net    *memNet
	serve  Serve
	finish *world.Token  // connections are to close when they are idle
	none   *world.Token  // and none is left, after that
	served *world.Atomic // connections that carry requests, and are not upgraded

	books     *world.Mutex // guards what follows
	accepting bool
	conns     []*memConn
}

// A packet is whatever travels: a request, an answer, or a frame.
type packet struct {
	request  Request
	response Response
	frame    Frame
}

// A memConn is one connection, of which each side holds an end.
type memConn struct {
	l        *memListener
	up, down *prim.Queue[packet]
	gone     *world.Token // the client has hung up, or the connection was cut
	place    int          // in the listener's list
}

func (l *memListener) connect(t *world.Task, name string) (Conn, error) {
	l.books.Lock(t)
	defer l.books.Unlock(t)
	if !l.accepting {
		return nil, ErrRefused
	}
	w := l.net.w
	c := &memConn{
		l: l, gone: w.NewToken("the hang-up of " + name), place: len(l.conns),
		up:   prim.NewQueue[packet](w, "what "+name+" sent", l.net.wire),
		down: prim.NewQueue[packet](w, "the wire to "+name, l.net.wire),
	}
	l.conns = append(l.conns, c)
	l.served.Add(t, 1)
	w.Go(world.Target, "connection of "+name, c.run)
	return c, nil
}

// run serves a connection's requests, one after the other.
func (c *memConn) run(t *world.Task) {
	upgraded := false
	t.AtEnd(func(t *world.Task) {
		if !upgraded {
			c.cut(t)
		}
		if c.l.served.Add(t, -1) == 0 && c.l.finish.Try() {
			c.l.none.Cancel(t)
		}
	})
	upgraded = c.serveAll(t)
	if !upgraded {
		c.forget(t)
	}
}

// serveAll serves until the connection ends, and says whether it was upgraded.
func (c *memConn) serveAll(t *world.Task) (upgraded bool) {
	receiving := c.up.Receiving()
	for t.Select(c.l.finish, receiving) == 1 {
		p, ok := receiving.Result()
		if !ok {
			return false
		}
		x := &memExchange{c: c, request: p.request}
		c.l.serve(t, x)
		if x.socket {
			return true
		}
		if !x.responded || x.last {
			return false
		}
	}
	return false
}

// cut ends the connection from the server's side. What it has sent still arrives.
func (c *memConn) cut(t *world.Task) {
	c.gone.Cancel(t)
	c.up.Drop(t, nil)
	c.down.Close(t)
}

// forget takes the connection from the listener's list.
func (c *memConn) forget(t *world.Task) {
	l := c.l
	l.books.Lock(t)
	defer l.books.Unlock(t)
	if c.place < 0 {
		return
	}
	last := l.conns[len(l.conns)-1]
	l.conns[c.place], last.place = last, c.place
	l.conns = l.conns[:len(l.conns)-1]
	c.place = -1
}

// StopAccepting implements Listener.
func (l *memListener) StopAccepting(t *world.Task) {
	l.books.Lock(t)
	defer l.books.Unlock(t)
	l.accepting = false
}

// Drain implements Listener.
func (l *memListener) Drain(t *world.Task) {
	l.finish.Cancel(t)
	if l.served.Load(t) == 0 {
		l.none.Cancel(t)
	}
	t.Await(l.none)
}

// Kill implements Listener.
func (l *memListener) Kill(t *world.Task) {
	l.books.Lock(t)
	l.accepting = false
	conns := append([]*memConn(nil), l.conns...)
	l.books.Unlock(t)
	l.finish.Cancel(t)
	for _, c := range conns {
		c.cut(t)
	}
	l.none.Cancel(t)
}

// A memExchange is one request.
type memExchange struct {
	c                 *memConn
	request           Request
	responded, socket bool
	last              bool
}

// Request implements Exchange.
func (x *memExchange) Request() Request { return x.request }

// Gone implements Exchange.
func (x *memExchange) Gone() *world.Token { return x.c.gone }

// Respond implements Exchange.
func (x *memExchange) Respond(t *world.Task, r Response) error {
	r.Last = r.Last || x.c.l.finish.Try()
	x.responded, x.last = true, r.Last
	if x.c.down.Send(t, packet{response: r}) != nil {
		return ErrGone
	}
	return nil
}

// statusSwitching answers a request for a WebSocket.
const statusSwitching Status = 101

// Upgrade implements Exchange.
func (x *memExchange) Upgrade(t *world.Task) (Socket, error) {
	if x.c.down.Send(t, packet{response: Response{Status: statusSwitching, ID: x.request.ID}}) != nil {
		return nil, ErrGone
	}
	x.socket = true
	return &memSocket{c: x.c, in: x.c.up, out: x.c.down}, nil
}

// A memSocket is one end of an upgraded connection.
type memSocket struct {
	c       *memConn
	in, out *prim.Queue[packet]
}

// Recv implements Socket.
func (s *memSocket) Recv(t *world.Task) (Frame, error) {
	p, ok := s.in.Recv(t)
	if !ok {
		return Frame{}, ErrGone
	}
	return p.frame, nil
}

// Send implements Socket.
func (s *memSocket) Send(t *world.Task, f Frame) error {
	if s.out.Send(t, packet{frame: f}) != nil {
		return ErrGone
	}
	return nil
}

// Cut implements Socket.
func (s *memSocket) Cut(t *world.Task) {
	if s.in == s.c.down {
		s.c.HangUp(t)
		return
	}
	s.c.cut(t)
	s.c.forget(t)
}

// Ask implements Conn.
func (c *memConn) Ask(t *world.Task, q Request, hangUp time.Duration) (Response, Ending) {
	if c.up.Send(t, packet{request: q}) != nil {
		return Response{}, Ending{Msg: q.ID, End: NotSent}
	}
	receiving := c.down.Receiving()
	if hangUp > 0 {
		timer := c.l.net.w.NewTimer("the hang-up")
		timer.Set(hangUp)
		defer timer.Stop()
		if t.Select(receiving, timer) == 1 {
			c.HangUp(t)
			return Response{}, Ending{Msg: q.ID, End: HungUp}
		}
	} else {
		t.Await(receiving)
	}
	p, ok := receiving.Result()
	if !ok {
		return Response{}, Ending{Msg: q.ID, End: Unanswered}
	}
	return p.response, Ending{Msg: q.ID, End: Answered, Code: int(p.response.Status)}
}

// Upgrade implements Conn.
func (c *memConn) Upgrade(t *world.Task, q Request) (Socket, Response, Ending) {
	q.Upgrade = true
	r, e := c.Ask(t, q, 0)
	if e.End != Answered || r.Status != statusSwitching {
		return nil, r, e
	}
	return &memSocket{c: c, in: c.down, out: c.up}, r, e
}

// HangUp implements Conn.
func (c *memConn) HangUp(t *world.Task) {
	c.gone.Cancel(t)
	c.up.Close(t)
	c.down.Drop(t, nil)
}
