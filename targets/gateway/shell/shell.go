// Package shell puts real sockets below the gateway: net/http on loopback TCP, the same with TLS beside it,
// WebSockets, and clients that count what they send and get below their protocol. It moves bytes and
// decides nothing; the order of things is the core's.
package shell

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
	"github.com/racebench/racebench/targets/gateway"
)

// packetBytes is how much room in the kernel's buffers stands for one packet of the knob `wire`. With it a
// connection holds about as many messages of 256 bytes as the knob says before a client that does not read is
// felt; the kernel counts its own overhead for each.
const packetBytes = 128

// dialsAtOnce is how many connections are being made at a time: more than a listener's backlog would make
// the kernel drop some, and try them again a second later.
const dialsAtOnce = 256

// network is the world outside one gateway: a Net.
type network struct {
	w       *world.World
	probe   targets.Probe
	secret  string // of this gateway: who comes with another has dialled a port that was another's before
	server  *tls.Config
	client  *tls.Config
	dialing *world.Object
	dials   chan struct{} // as many as may be under way
	most    int           // descriptors of this process; 0 is not known
	tuned   func(network, address string, c syscall.RawConn) error

	doors   [2]*door
	clients pool         // the clients' ends
	taken   atomic.Int64 // connections that descriptors were set aside for
	closed  atomic.Bool  // Close was called
}

// New returns a Net of sockets on the loopback interface, for the target's field Net. It fails when no
// certificate can be made.
func New(h targets.Host) (gateway.Net, error) { return open(h, h.Knobs.Int("wire")) }

func open(h targets.Host, wire int) (*network, error) {
	secret := make([]byte, 8)
	if _, err := rand.Read(secret); err != nil {
		return nil, fmt.Errorf("draw the name of a net: %w", err)
	}
	server, client, err := selfSigned()
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	return &network{
		w: h.World, probe: h.Probe, secret: hex.EncodeToString(secret), server: server, client: client,
		dialing: h.World.NewObject("a connection"), dials: make(chan struct{}, dialsAtOnce),
		most: descriptors(), tuned: tune(wire * packetBytes),
	}, nil
}

// Listen implements gateway.Net.
func (n *network) Listen(_ *world.Task, which gateway.Door, serve gateway.Serve) (gateway.Listener, error) {
	config := net.ListenConfig{Control: n.tuned}
	config.SetMultipathTCP(false)
	l, err := config.Listen(context.Background(), "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for %s: %w", which, err)
	}
	d := newDoor(n, which, l.(*net.TCPListener), serve)
	n.doors[which] = d
	d.open()
	return d, nil
}

// Connect implements gateway.Net.
func (n *network) Connect(t *world.Task, which gateway.Door, name string) (gateway.Conn, error) {
	d := n.doors[which]
	if err := n.takeRoom(); err != nil {
		return nil, err
	}
	var c *client
	var err error
	t.Blocking(n.dialing, func() {
		n.dials <- struct{}{}
		defer func() { <-n.dials }()
		c, err = n.dial(d, name)
	})
	if err != nil {
		n.taken.Add(-1)
		return nil, err
	}
	return c, nil
}

// spareDescriptors are left for what is no connection: files, the ledger, pipes, the poller.
const spareDescriptors = 256

// takeRoom sets descriptors aside for one more connection, both of whose ends are this process's. To run into
// the limit would be worse: the server's end of a connection that the kernel has accepted could not be
// taken, and its client would wait.
func (n *network) takeRoom() error {
	open := n.taken.Add(1) - 1
	if n.most == 0 || 2*(open+1)+spareDescriptors <= int64(n.most) {
		return nil
	}
	n.taken.Add(-1)
	return fmt.Errorf("%d connections are open, each takes two descriptors, and this process may have %d: raise the limit (ulimit -n)",
		(n.most-spareDescriptors)/2, n.most)
}

// forget takes a client's end out of the books; again does nothing.
func (n *network) forget(w *wire) {
	if n.clients.remove(w) {
		n.taken.Add(-1)
	}
}

// dial makes a connection. Whatever keeps a server from taking it is a refusal.
func (n *network) dial(d *door, name string) (*client, error) {
	dialer := net.Dialer{Control: n.tuned}
	conn, err := dialer.Dial("tcp4", d.address.String())
	if err != nil {
		if refused(err) {
			return nil, gateway.ErrRefused
		}
		return nil, err
	}
	c := newClient(n, newWire(conn.(*net.TCPConn)), name)
	if d.which != gateway.TLS {
		n.clients.add(c.wire)
		return c, nil
	}
	over := tls.Client(c.wire, n.client)
	if err := over.Handshake(); err != nil {
		c.wire.drop()
		if refused(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, gateway.ErrRefused
		}
		return nil, fmt.Errorf("TLS handshake: %w", err)
	}
	c.over(over)
	n.clients.add(c.wire)
	return c, nil
}

// Close implements gateway.Net. A client's end that is in use stays: what has been sent may still be read,
// and its owner sees the end of it.
func (n *network) Close(t *world.Task) {
	for _, d := range n.doors {
		if d != nil {
			d.Kill(t)
		}
	}
	n.closed.Store(true)
	for _, w := range n.clients.all() {
		if !w.busy.Load() {
			w.drop()
			n.forget(w)
		}
	}
}

// A pool is a set of connections' ends.
type pool struct {
	mu    sync.Mutex
	wires []*wire
}

func (p *pool) add(w *wire) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.place = len(p.wires)
	p.wires = append(p.wires, w)
}

// remove takes an end out, and says whether it was in.
func (p *pool) remove(w *wire) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.place < 0 {
		return false
	}
	last := p.wires[len(p.wires)-1]
	p.wires[w.place], last.place = last, w.place
	p.wires = p.wires[:len(p.wires)-1]
	w.place = -1
	return true
}

// all returns what is in the pool now.
func (p *pool) all() []*wire {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]*wire(nil), p.wires...)
}
