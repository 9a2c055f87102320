package coldstore

import (
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// A request is one call of one client, on its way through the store.
type request struct {
	op     string
	who    string
	msg    targets.Message
	height int64
	reply  targets.Reply // good once done is cancelled
	stream *stream       // what a stream's setup gave
	done   *world.Token
	// state settles a race between the writer and a caller that gives up; reference only.
	state *world.Atomic
	// overdue is for how long a simulated world let the caller wait past its last limit.
	overdue time.Duration
}

// What a client learns.
var (
	accepted   = targets.Reply{Outcome: ledger.Accepted}
	closed     = targets.Reply{Outcome: ledger.Refused, Cause: ledger.Closed}
	timedOut   = targets.Reply{Outcome: ledger.Refused, Cause: ledger.Timeout}
	cancelled  = targets.Reply{Outcome: ledger.Refused, Cause: ledger.Cancelled}
	overloaded = targets.Reply{Outcome: ledger.Refused, Cause: ledger.Overloaded}
	broken     = targets.Reply{Outcome: ledger.Refused, Cause: ledger.OtherCause}
	unsure     = targets.Reply{Cause: ledger.Timeout} // it may have happened
)

func (r *request) writes() bool { return r.op == opWrite || r.op == opDispatch || r.op == opTruncate }

func (r *request) opens() bool { return r.op == opStream || r.op == opOpen }

// answer gives the caller its reply.
func (r *request) answer(t *world.Task, reply targets.Reply) {
	r.reply = reply
	r.done.Cancel(t)
}

// drop is what becomes of a request that nobody will run: its caller learns that it was cancelled.
func (r *request) drop() {
	r.reply = cancelled
	r.done.Expire()
}

// await waits for the answer, or until the caller gives up.
func (s *server) await(t *world.Task, r *request) targets.Reply {
	if s.callDeadline == 0 {
		t.Await(r.done)
		return r.reply
	}
	timer := s.w.NewTimer("the caller's patience")
	timer.Set(s.callDeadline)
	defer timer.Stop()
	if t.Select(r.done, timer) == 0 {
		return r.reply
	}
	if r.writes() {
		return unsure
	}
	return timedOut
}

// A client is one connection.
type client struct {
	s    *server
	role targets.Role
	open []*stream // left unread
}

// Dial implements targets.Instance.
func (s *server) Dial(t *world.Task, r targets.Role) (targets.Client, error) {
	if r.Handle != nil {
		s.follow(t, r.Handle)
	}
	return &client{s: s, role: r}, nil
}

// Do implements targets.Client.
func (c *client) Do(t *world.Task, m targets.Message) targets.Reply {
	before := c.s.w.Waited()
	r := c.request(t, m)
	reply := c.s.design.do(t, r)
	if waited := c.s.w.Waited() - before - r.overdue; waited > 0 {
		c.s.record.Waited(m.ID, waited)
	}
	if reply != accepted {
		return reply
	}
	switch {
	case r.op == opOpen:
		c.open = append(c.open, r.stream)
	case r.op == opStream:
		return r.stream.consume(t)
	case r.op == opWrite || r.op == opDispatch:
		c.s.acked.Store(t, r.height)
	}
	return reply
}

// request says what the client's next call is about: a writer's block has the next height of the hot
// store, a reader and a truncation ask for the block that was acknowledged last.
func (c *client) request(t *world.Task, m targets.Message) *request {
	s := c.s
	r := &request{op: c.role.Op, who: c.role.Name, msg: m, done: s.w.NewToken("the answer to " + c.role.Name)}
	switch {
	case r.op == opWrite || r.op == opDispatch:
		r.height = s.hot.Add(t, 1)
		s.record.Value(ledger.Value{Msg: m.ID, Key: r.height, Value: uint64(m.ID), Wrote: true})
	case !r.opens():
		r.height = s.acked.Load(t)
	}
	if s.shape == gated && r.writes() {
		r.state = s.w.NewAtomic("a write's owner", 0)
	}
	return r
}

// Close implements targets.Client: it hangs up on the streams it has left open.
func (c *client) Close(t *world.Task) {
	for _, st := range c.open {
		st.buffer.Drop(t, nil)
	}
}

// limitIn is the moment so long from now; never where d is 0.
func (s *server) limitIn(d time.Duration) time.Duration {
	if d == 0 {
		return 0
	}
	return s.w.Now() + d
}

// forsake answers a call whose task has ended without an answer: it has panicked.
func (r *request) forsake(t *world.Task) {
	if !r.done.Cancelled(t) {
		r.answer(t, broken)
	}
}
