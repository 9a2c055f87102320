package shell

import (
	"net"
	"sync/atomic"
	"time"

	"github.com/racebench/racebench/engine/world"
)

// A wire is one end of a TCP connection, with the bytes that were sent through it: below TLS, below HTTP,
// below WebSocket frames. It shows no more of the connection than net.Conn, or a copy could pass the
// counter by.
type wire struct {
	net.Conn
	tcp    *net.TCPConn
	out    atomic.Int64
	pinned atomic.Bool // no deadline for writing is set any more
	busy   atomic.Bool // a client's end: a request is under way on it, or it was upgraded
	place  int         // in its pool; -1 when it is in none

	// Of the server's end.
	door *door
	gone *world.Token // the client has hung up, or the connection is lost
	// Guarded by the door.
	resting bool // it carries no request
	refused bool // a drain has closed it while it rested
	done    bool // it counts as finished
}

func newWire(tcp *net.TCPConn) *wire { return &wire{Conn: tcp, tcp: tcp, place: -1} }

// Write implements net.Conn.
func (w *wire) Write(b []byte) (int, error) {
	n, err := w.tcp.Write(b)
	w.out.Add(int64(n))
	return n, err
}

// SetWriteDeadline implements net.Conn. The WebSocket library takes the deadline away before each write,
// and with it the one that cut has set.
func (w *wire) SetWriteDeadline(at time.Time) error {
	if w.pinned.Load() {
		return nil
	}
	return w.tcp.SetWriteDeadline(at)
}

// past is a deadline that ends whatever is under way.
var past = time.Unix(1, 0)

// interrupt ends what reads and writes, and lets nothing begin. The connection stays.
func (w *wire) interrupt() {
	w.pinned.Store(true)
	_ = w.tcp.SetDeadline(past) // it fails on a connection that is closed: then nobody waits either
}

// drop closes the connection at once, as the end of a process does: what was not read is lost, and the
// other side may hear of it by a reset.
func (w *wire) drop() { _ = w.tcp.Close() }
