package shell

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"sync"

	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets/gateway"
)

// A door is a listener and the connections that came through it.
type door struct {
	n        *network
	which    gateway.Door
	serve    gateway.Serve
	address  *net.TCPAddr
	listener *net.TCPListener
	server   *http.Server
	requests *world.Object
	finished *world.Object
	none     chan struct{} // closed when no connection is left to finish, or Kill was called

	observer *observer
	killed   chan struct{} // closed by Kill

	conns pool // the server's ends, upgraded ones too

	mu        sync.Mutex
	stopped   bool
	finishing bool
	noneLeft  bool // none is closed
	over      bool // killed is closed
	live      int  // connections that are not finished
}

func newDoor(n *network, which gateway.Door, l *net.TCPListener, serve gateway.Serve) *door {
	d := &door{
		n: n, which: which, serve: serve, listener: l, address: l.Addr().(*net.TCPAddr),
		requests: n.w.NewObject("a request through the door for " + which.String()),
		finished: n.w.NewObject("the last connection of " + which.String()), none: make(chan struct{}),
		killed: make(chan struct{}),
	}
	d.server = &http.Server{
		Handler: d, ConnState: d.changed, ConnContext: d.known,
		// It tells of clients that went in the middle of something, which is what they are here for.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	return d
}

// open starts the loop that accepts connections. It ends when the listener is closed.
func (d *door) open() {
	var l net.Listener = accepting{d}
	if d.which == gateway.TLS {
		l = tls.NewListener(l, d.n.server)
	}
	go func() { _ = d.server.Serve(l) }() // it always returns the error of the closed listener
	d.observer = newObserver(d)
}

// accepting is the listener that net/http sees. It counts a connection before anybody can serve it.
type accepting struct{ d *door }

// Accept implements net.Listener.
func (a accepting) Accept() (net.Conn, error) {
	for {
		conn, err := a.d.listener.AcceptTCP()
		if err != nil {
			return nil, err
		}
		w := newWire(conn)
		w.door, w.resting, w.gone = a.d, true, a.d.n.w.NewToken("a client's hang-up")
		if a.d.enter(w) {
			return w, nil
		}
		w.drop()
	}
}

// Close implements net.Listener.
func (a accepting) Close() error { return a.d.listener.Close() }

// Addr implements net.Listener.
func (a accepting) Addr() net.Addr { return a.d.address }

// enter counts a new connection, unless the door takes none any more.
func (d *door) enter(w *wire) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopped || d.finishing {
		return false
	}
	d.live++
	d.conns.add(w)
	return true
}

// leave counts a connection as finished, once.
func (d *door) leave(w *wire) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if w.done {
		return
	}
	w.done = true
	if d.live--; d.live == 0 && d.finishing {
		d.endDrain()
	}
}

// endDrain lets Drain return. It is called with the lock.
func (d *door) endDrain() {
	if !d.noneLeft {
		d.noneLeft = true
		close(d.none)
	}
}

type wireKey struct{}

// known lets a request's handler find the connection that it came over.
func (d *door) known(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, wireKey{}, wireOf(c))
}

// wireOf looks below TLS.
func wireOf(c net.Conn) *wire {
	if over, ok := c.(*tls.Conn); ok {
		c = over.NetConn()
	}
	return c.(*wire)
}

// changed is told by net/http what becomes of a connection. An upgraded one is finished when its handler
// has returned, which net/http does not tell.
func (d *door) changed(c net.Conn, s http.ConnState) {
	w := wireOf(c)
	switch s {
	case http.StateActive, http.StateIdle:
		d.mu.Lock()
		w.resting = s == http.StateIdle
		d.mu.Unlock()
	case http.StateClosed:
		d.conns.remove(w)
		w.gone.Expire()
		d.leave(w)
	}
}

// StopAccepting implements gateway.Listener.
func (d *door) StopAccepting(*world.Task) {
	d.mu.Lock()
	again := d.stopped
	d.stopped = true
	d.mu.Unlock()
	if again {
		return
	}
	_ = d.listener.Close() // who is in its backlog is reset, which is a refusal too
	if d.observer != nil {
		go d.observer.watch()
	}
}

// Drain implements gateway.Listener. It is http.Server.Shutdown without its two waits: that looks for the
// last connection every half second, and gives one that has not sent anything five seconds. What it waits
// for lies outside the World: net/http ends a connection on a goroutine of its own.
func (d *door) Drain(t *world.Task) {
	for _, w := range d.finish() {
		w.drop()
	}
	d.server.SetKeepAlivesEnabled(false) // connections end with the answer that is under way
	t.Blocking(d.finished, func() { <-d.none })
}

// finish begins the drain and returns the connections that carry no request. One that comes over them all
// the same is not taken: its connection is gone, and its handler would be dropped.
func (d *door) finish() (resting []*wire) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.finishing = true
	if d.live == 0 {
		d.endDrain()
	}
	for _, w := range d.conns.all() {
		if w.resting {
			w.refused = true
			resting = append(resting, w)
		}
	}
	return resting
}

// takes says whether a request that has come over a connection is taken.
func (d *door) takes(w *wire) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !w.refused
}

// draining says whether answers are to be the last of their connections.
func (d *door) draining() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.finishing
}

// Kill implements gateway.Listener.
func (d *door) Kill(t *world.Task) {
	d.StopAccepting(t)
	for _, w := range d.conns.all() {
		w.gone.Expire()
		w.drop()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.endDrain()
	if !d.over {
		d.over = true
		close(d.killed)
	}
}
