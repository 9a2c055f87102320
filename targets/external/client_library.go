package external

import (
	"errors"
	"net/url"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// A session is a connection of somebody else's client, a library or a program, that writes and reads back.
// It never sends a write twice, and ends with its connection.
type session interface {
	reader
	// write stores a value and returns nil once the program has acknowledged it. errRefused says that the
	// program refused it; after any other error nobody knows.
	write(key, value string) error
}

// errRefused says that the program's answer to a write was no.
var errRefused = errors.New("the program refused the write")

// errUnanswered says that nobody knows what became of a write, and that the session can go on.
var errUnanswered = errors.New("the write got no answer")

// answerLimit is how long a library waits for one answer of the program.
const answerLimit = 10 * time.Second

// credentials are those of the scenario's url.
func (p *program) credentials() (user, password string, ok bool) {
	u, err := url.Parse(p.fill(p.c.url))
	if err != nil || u.User == nil {
		return "", "", false
	}
	password, _ = u.User.Password()
	return u.User.Username(), password, true
}

// A keeper is a client whose writes go through sessions. What the program had read of them when the signal
// struck is not seen: only acknowledged writes can be lost.
type keeper struct {
	d    *dialer
	open func(d *dialer) (session, error)
	now  session
	used bool // the session has carried a write
}

// dialKeeper makes clients of a kind of session. The first is opened at once, so that what is wrong with it
// is told before the load begins.
func dialKeeper(open func(d *dialer) (session, error)) func(d *dialer) (client, error) {
	return func(d *dialer) (client, error) {
		c := &keeper{d: d, open: open}
		var err error
		d.t.Blocking(d.object, func() { c.now, err = open(d) })
		if err != nil {
			return nil, err
		}
		return c, nil
	}
}

// reader implements store.
func (c *keeper) reader(*instance) (reader, error) { return c.open(c.d) }

// Do implements targets.Client.
func (c *keeper) Do(t *world.Task, m targets.Message) (reply targets.Reply) {
	t.Blocking(c.d.object, func() { reply = c.write(m.ID) })
	return reply
}

func (c *keeper) write(m ledger.MsgID) targets.Reply {
	s := c.d.s
	if c.now == nil {
		var err error
		if c.now, err = c.open(c.d); err != nil {
			c.now = nil
			return s.unreached(err)
		}
	}
	w := newWrite(m, c.d.role.Group, c)
	s.requests.Add(1)
	defer s.requests.Add(-1)
	began := s.w.Now()
	x := ledger.Wire{Lane: m.Lane(), Msg: m, Sent: began}
	if c.used {
		x.Conn = extern.ConnReused
	}
	err := c.now.write(w.key, w.value)
	if err == nil {
		c.used = true
		c.d.answers(x, began)
		s.keep(w)
		return targets.Reply{Outcome: ledger.Accepted}
	}
	unasked := s.sent.Load() == 0 && !s.closing.Load()
	if unasked {
		s.remark(c.d.role.Group, "a write: "+err.Error())
	}
	if errors.Is(err, errRefused) {
		return targets.Reply{Outcome: ledger.Refused, Cause: ledger.OtherCause}
	}
	if unasked { // a loss that no signal is to blame for
		x.Ended, x.End = s.w.Now(), s.endBy(err)
		s.out.Wire(x)
	}
	if !errors.Is(err, errUnanswered) {
		c.Close(nil)
	}
	return targets.Reply{}
}

// Close implements targets.Client.
func (c *keeper) Close(*world.Task) {
	if c.now != nil {
		c.now.close()
		c.now, c.used = nil, false
	}
}
