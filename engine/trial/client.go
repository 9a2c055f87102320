package trial

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario/load"
	"github.com/racebench/racebench/targets"
)

// lateness is how much later than its intended start an operation may begin before it counts as late:
// coarser than the clock's wake-ups, finer than anything a user would set a threshold on.
const lateness = time.Millisecond

// The pause of a saturating client after a refusal grows between these: a client that spins on a closed
// server would starve it of the time it needs to stop.
const (
	shortestBackoff = 100 * time.Microsecond
	longestBackoff  = 10 * time.Millisecond
)

// errRefused is what a subscriber's handler returns when a message of its own was refused.
var errRefused = errors.New("a child event was refused")

// A client is one member of a load group: its place in the ledger, its rhythm, its connection. Its
// fields belong to the one task that runs it, but for the atomics, which the trial reads at its end.
type client struct {
	s     *serving
	group *Group
	name  string
	index int
	lane  *ledger.Lane
	shape load.Shape
	conn  targets.Client
	pacer targets.Pacer // conn, where it says itself when an operation may begin
	// connected guards conn: a server may call the handler before Dial has returned.
	connected *world.Token
	timer     *world.Timer
	emits     int
	quiet     bool // the group stops at the signal

	most     int // operations it does at the most; 0 is no bound
	seq      int64
	counters []*opCounter

	telling sync.Mutex // guards told
	told    bool       // that the subscription has begun

	handled  int           // messages a subscriber has handled
	lastDone time.Duration // when its handler last returned, since the load began

	started atomic.Int64 // operations begun by the load shape
	late    atomic.Int64
	worst   atomic.Int64
}

// run dials, waits for the load to begin and offers it.
func (c *client) run(t *world.Task) {
	role := targets.Role{Op: c.group.Op.Name, Lane: c.lane.Index(), Name: c.name, Group: c.group.As, Client: c.group.Client, Size: c.group.Size}
	if c.group.Op.Subscribes {
		role.Handle = c.handle
	}
	var conn targets.Client
	var err error
	t.As(world.Target, func() { conn, err = c.s.instance.Dial(t, role) })
	if err != nil {
		c.s.dialFailed(t, c, err)
		return
	}
	c.conn = conn
	c.pacer, _ = conn.(targets.Pacer)
	c.connected.Cancel(t)
	if c.group.Op.Subscribes {
		c.subscribed(t.Now())
	}
	c.s.dialled(t)
	t.Await(c.s.loading)
	if !c.group.Op.Subscribes {
		c.offer(t)
	}
	if c.s.plan.Program.Target.Traits.HangsUp {
		c.conn.Close(t)
	}
}

// subscribed records that the client's subscription has begun, once.
func (c *client) subscribed(at time.Duration) {
	c.telling.Lock()
	defer c.telling.Unlock()
	if !c.told {
		c.told = true
		c.s.out.Add(&ledger.Subscription{Lane: c.lane.Index(), Topics: c.group.Op.Topics, From: at})
	}
}

// offer performs operations as the shape says, until the load or the trial is over.
func (c *client) offer(t *world.Task) {
	base := c.s.loadBegan
	now := t.Now()
	last := now - base
	var backoff time.Duration
	for n := 0; ; n++ {
		start, ok := c.shape.Next(n, now-base, last)
		if !ok || c.over() || c.most > 0 && n >= c.most {
			return
		}
		if intended := base + start; intended > now {
			c.timer.SetAt(intended)
			if t.Select(c.s.over, c.timer) == 0 || c.over() {
				return
			}
			now = t.Now()
		}
		if c.pacer != nil {
			if !c.pacer.Ready(t) {
				return
			}
			now = t.Now()
			start = now - base
		}
		c.noteLateness(now-base-start, last < start)
		reply := c.do(t, base+start, now)
		now = t.Now()
		last = now - base
		if reply.Outcome != ledger.Refused {
			backoff = 0
			continue
		}
		backoff = min(max(2*backoff, shortestBackoff), longestBackoff)
		t.Sleep(backoff)
		now = t.Now()
	}
}

func (c *client) over() bool {
	return c.s.over.Try() || c.quiet && c.s.struck.Try()
}

// noteLateness counts a start that came late although the client was free: the generator's own doing.
func (c *client) noteLateness(by time.Duration, free bool) {
	c.started.Add(1)
	if !free || by <= lateness {
		return
	}
	c.late.Add(1)
	if int64(by) > c.worst.Load() {
		c.worst.Store(int64(by))
	}
}

// do performs one operation with its record around it. The record is begun before the call and
// completed in place, so that whatever ends the process leaves it unknown, not unwritten.
func (c *client) do(t *world.Task, intended, now time.Duration) targets.Reply {
	c.seq++
	m := targets.Message{
		ID:    ledger.NewMsgID(c.lane.Index(), c.seq),
		Topic: c.group.Op.Topic,
		Size:  c.group.Size,
	}
	ref := c.lane.Begin(m.ID, m.Topic, m.Size, intended, now)
	for _, counter := range c.counters {
		counter.count(t)
	}
	var reply targets.Reply
	t.As(world.Target, func() { reply = c.conn.Do(t, m) })
	c.lane.EndWith(ref, t.Now(), reply.Outcome, reply.Cause, reply.Code)
	return reply
}

// handle is the user code of a subscriber. It runs on the server's task; the message counts as
// delivered when it has returned.
func (c *client) handle(t *world.Task, m targets.Message) (err error) {
	t.As(world.Harness, func() { err = c.receive(t, m) })
	return err
}

func (c *client) receive(t *world.Task, m targets.Message) error {
	base := c.s.loadBegan
	if !c.quiet || !c.s.struck.Try() {
		start, ok := c.shape.Next(c.handled, t.Now()-base, c.lastDone)
		if ok {
			t.SleepUntil(base + start)
		}
	}
	if c.emits > 0 {
		t.Await(c.connected)
	}
	var err error
	for range c.emits {
		now := t.Now()
		if reply := c.do(t, now, now); reply.Outcome == ledger.Refused {
			err = errRefused
			break
		}
	}
	now := t.Now()
	c.lane.Deliver(m.ID, now)
	c.handled++
	c.lastDone = now - base
	return err
}

// unsent counts the starts that the shape gave up to a moment and that never happened, because the call
// before had not returned.
func (c *client) unsent(begun int, until time.Duration) int64 {
	var n int64
	for {
		start, ok := c.shape.Next(begun+int(n), until, until)
		if !ok || start > until {
			return n
		}
		n++
	}
}

// An opCounter strikes when so many operations have been started.
type opCounter struct {
	after   int64
	n       atomic.Int64
	reached *world.Token
}

func (o *opCounter) count(t *world.Task) {
	if o.n.Add(1) == o.after {
		o.reached.Cancel(t)
	}
}
