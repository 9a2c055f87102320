package shell

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/racebench/racebench/targets/gateway"
)

// readyPath is where a balancer asks a door whether it takes requests. The core hears nothing of it.
const readyPath = "/ready"

// askEvery is the pause between two looks at a door that drains, askLimit how long one answer is waited for.
const (
	askEvery = 5 * time.Millisecond
	askLimit = time.Second
)

// An observer is a balancer's health check: it holds one connection to a door, and once the door takes nobody
// any more it tells what new connections come to, and what the old one answers. Each finding is told when it
// is new.
type observer struct {
	d    *door
	kept *check // nil: it was lost
	told map[string]bool
}

// A check is one connection of an observer.
type check struct {
	conn net.Conn
	in   *bufio.Reader
}

// newObserver connects to a door that has just been opened. It is nil where nobody wants to know, or the
// connection cannot be had.
func newObserver(d *door) *observer {
	if d.n.probe == nil {
		return nil
	}
	o := &observer{d: d, told: map[string]bool{}}
	kept, err := o.connect()
	if err != nil {
		return nil
	}
	o.kept = kept
	if _, err := kept.ask(d.n.secret); err != nil { // and with that the door has taken it
		o.drop()
		return nil
	}
	return o
}

func (o *observer) connect() (*check, error) {
	conn, err := net.DialTimeout("tcp4", o.d.address.String(), askLimit)
	if err != nil {
		return nil, err
	}
	if o.d.which == gateway.TLS {
		conn = tls.Client(conn, o.d.n.client)
	}
	return &check{conn: conn, in: bufio.NewReader(conn)}, nil
}

// watch looks at the door until it is killed.
func (o *observer) watch() {
	pause := time.NewTicker(askEvery)
	defer pause.Stop()
	defer o.drop()
	for {
		o.look()
		select {
		case <-o.d.killed:
			return
		case <-pause.C:
		}
	}
}

func (o *observer) look() {
	if o.kept != nil {
		switch status, err := o.kept.ask(o.d.n.secret); {
		case err != nil:
			o.tell("has closed the connection of a health check")
			o.drop()
		case status == http.StatusOK:
			o.tell("tells a health check that it is ready")
		default:
			o.tell("tells a health check that it is not ready")
		}
	}
	fresh, err := o.connect()
	switch {
	case err == nil:
		// The port may be somebody else's by now: only an answer shows that it is not.
		if _, err := fresh.ask(o.d.n.secret); err == nil {
			o.tell("still takes new connections")
		}
		_ = fresh.conn.Close()
	case refused(err):
		o.tell("refuses new connections")
	}
}

// ask asks whether the door is ready.
func (c *check) ask(secret string) (int, error) {
	if err := c.conn.SetDeadline(time.Now().Add(askLimit)); err != nil {
		return 0, err
	}
	if _, err := io.WriteString(c.conn, "GET "+readyPath+" HTTP/1.1\r\nHost: "+hostName+"\r\n\r\n"); err != nil {
		return 0, err
	}
	r, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return 0, err
	}
	if r.Header.Get(headerNet) != secret {
		return 0, errStranger
	}
	return r.StatusCode, r.Body.Close()
}

// errStranger is what another gateway's answer comes to.
var errStranger = errors.New("the answer is another gateway's")

// tell records a finding, once.
func (o *observer) tell(what string) {
	select {
	case <-o.d.killed: // whatever is seen now is the end of the process
		return
	default:
	}
	if !o.told[what] {
		o.told[what] = true
		o.d.n.probe.Mark("the door for "+o.d.which.String(), what, 0)
	}
}

func (o *observer) drop() {
	if o.kept != nil {
		_ = o.kept.conn.Close()
		o.kept = nil
	}
}

// ready answers a health check.
func (d *door) ready(out http.ResponseWriter) {
	d.mu.Lock()
	stopped := d.stopped
	d.mu.Unlock()
	out.Header().Set(headerNet, d.n.secret)
	if stopped {
		out.WriteHeader(http.StatusServiceUnavailable)
	}
}
