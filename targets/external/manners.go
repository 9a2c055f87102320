package external

import (
	"errors"
	"os"
	"strings"
	"time"

	"golang.org/x/net/http2"

	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/scenario/spec"
)

// Some servers hang in their stop only if a client has gone in the middle of an answer, or does not close its side of a
// connection that they have closed. Most clients do neither while somebody looks.

func (g *group) readHangsUp(v spec.Value, errs *spec.Errors) {
	d, err := spec.Duration(v)
	errs.Add(err)
	if err == nil && d < time.Millisecond {
		errs.Addf(v, "hangs_up %s: it is 1ms or more", v.Text)
	}
	g.hangUp = d
}

func (g *group) readKeeps(v spec.Value, errs *spec.Errors) {
	keeps, err := spec.Bool(v)
	errs.Add(err)
	g.keeps = keeps
}

// Manners implements targets.Asker.
func (g group) Manners() string {
	var all []string
	if g.hangUp > 0 {
		all = append(all, "had hung up in the middle of answers")
	}
	if g.keeps {
		all = append(all, "did not close their side of connections")
	}
	return strings.Join(all, " and ")
}

// mostKept is how many connections a client keeps that it does not use any more; the oldest goes then.
const mostKept = 8

// unclosed are connections that nobody uses and their client does not close.
type unclosed struct{ conns []*httpConn }

// leave is done with a connection: it is closed, or kept as it is.
func (k *unclosed) leave(c *httpConn, g group) {
	if !g.keeps {
		c.close()
		return
	}
	if k.conns = append(k.conns, c); len(k.conns) > mostKept {
		k.conns[0].close()
		k.conns = k.conns[1:]
	}
}

// hurry says when the answer to what was just sent is given up.
func (c *httpConn) hurry(q request) {
	if q.hangUp > 0 {
		_ = c.wire.SetReadDeadline(time.Now().Add(q.hangUp))
	}
}

// givenUp says whether reading ended because the client waits no longer.
func (q request) givenUp(err error) bool {
	return q.hangUp > 0 && errors.Is(err, os.ErrDeadlineExceeded)
}

// await waits for the end of a stream, or gives it up: once the stream alone, and the next time with its connection.
func (c *h2client) await(st *h2stream) {
	if c.d.g.hangUp == 0 {
		<-st.done
		return
	}
	timer := time.NewTimer(c.d.g.hangUp)
	defer timer.Stop()
	select {
	case <-st.done:
		return
	case <-timer.C:
	}
	if c.hung++; c.hung%2 == 0 {
		c.conn.hangUp()
	} else {
		_ = c.conn.say(func() error { return c.conn.fr.WriteRSTStream(st.id, http2.ErrCodeCancel) })
		c.conn.finish(st.id, extern.WireHungUp, "")
	}
	<-st.done
}

// hangUp ends the connection with all it carries, as a client does that is no more.
func (c *h2conn) hangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended == nil {
		c.hung, c.leaving = true, true
		_ = c.rw.Close()
	}
}
