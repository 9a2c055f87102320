package prim

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/racebench/racebench/engine/world"
)

// A model is a queue as simple as can be: slices, no locks, one step at a time.
type model struct {
	capacity        int
	items           []int
	permits         []*Permit[int]
	closed, dropped bool
	senders         []*pending // in line
	receivers       []*pending
	discarded       []int
}

// A pending operation is one that a task of its own is in.
type pending struct {
	task *world.Task
	v    int
	err  error
	ok   bool
	// What the model says, once it says that the operation is over.
	over    bool
	wantV   int
	wantErr error
	wantOK  bool
}

func (m *model) room() bool {
	return m.capacity == 0 || len(m.items)+len(m.permits) < m.capacity
}

func (m *model) ended() bool {
	return m.closed && len(m.items) == 0 && (len(m.permits) == 0 || m.dropped)
}

// settle lets everybody move that can: in line, one by one, values before ends.
func (m *model) settle() {
	for moved := true; moved; {
		moved = false
		if len(m.senders) > 0 && (m.closed || m.room()) {
			p := m.senders[0]
			m.senders, p.over, moved = m.senders[1:], true, true
			if m.closed {
				p.wantErr = ErrClosed
			} else {
				m.items = append(m.items, p.v)
			}
		}
		if len(m.receivers) > 0 && (m.ended() || len(m.items) > 0) {
			p := m.receivers[0]
			m.receivers, p.over, moved = m.receivers[1:], true, true
			if len(m.items) > 0 {
				p.wantV, p.wantOK = m.items[0], true
				m.items = m.items[1:]
			}
		}
	}
}

// TestQueueAgainstModel runs random operations, with blocked senders and receivers, and compares every
// result, one step after the other has come to rest.
func TestQueueAgainstModel(t *testing.T) {
	for seed := range uint64(150) {
		inWorld(t, func(w *world.World, task *world.Task) {
			c := &comparison{t: t, task: task, seed: seed, r: rand.New(rand.NewPCG(seed, 7))}
			c.m.capacity = c.r.IntN(4)
			c.q = NewQueue[int](w, "q", c.m.capacity)
			for range 80 {
				c.step()
				c.m.settle()
				c.compare()
			}
			c.finish()
		})
	}
}

type comparison struct {
	t       *testing.T
	task    *world.Task
	seed    uint64
	r       *rand.Rand
	q       *Queue[int]
	m       model
	pending []*pending
	next    int
	real    []int // discarded
}

func (c *comparison) step() {
	c.next++
	switch n := c.r.IntN(100); {
	case n < 20:
		c.trySend()
	case n < 40:
		c.tryRecv()
	case n < 55:
		c.reserve()
	case n < 70:
		c.usePermit()
	case n < 82:
		c.send()
	case n < 92:
		c.receive()
	case n < 97:
		c.abort()
	case n < 99:
		c.q.Close(c.task)
		c.m.closed = true
	default:
		c.q.Drop(c.task, func(v int) { c.real = append(c.real, v) })
		if !c.m.dropped {
			c.m.dropped = true
			c.m.discarded = append(c.m.discarded, c.m.items...)
			c.m.items, c.m.closed = nil, true
		}
	}
}

func (c *comparison) trySend() {
	expected := ErrFull
	switch {
	case c.m.closed:
		expected = ErrClosed
	case c.m.room() && len(c.m.senders) == 0:
		c.m.items = append(c.m.items, c.next)
		expected = nil
	}
	want(c.t, c.where("try send"), c.q.TrySend(c.task, c.next), expected)
}

func (c *comparison) tryRecv() {
	expected, expectedV := Empty, 0
	switch {
	case len(c.m.items) > 0:
		expected, expectedV = Got, c.m.items[0]
		c.m.items = c.m.items[1:]
	case c.m.ended():
		expected = Ended
	}
	v, state := c.q.TryRecv(c.task)
	want(c.t, c.where("try recv"), state, expected)
	want(c.t, c.where("try recv value"), v, expectedV)
}

func (c *comparison) reserve() {
	r := c.q.Reserving()
	ready := c.m.closed || c.m.room()
	want(c.t, c.where("reserve"), r.Try(), ready)
	if !ready {
		return
	}
	p, err := r.Result()
	if c.m.closed {
		want(c.t, c.where("reserve when closed"), err, ErrClosed)
		return
	}
	want(c.t, c.where("reserve with room"), err, nil)
	c.m.permits = append(c.m.permits, &p)
}

func (c *comparison) usePermit() {
	if len(c.m.permits) == 0 {
		return
	}
	i := c.r.IntN(len(c.m.permits))
	p := c.m.permits[i]
	c.m.permits = slices.Delete(c.m.permits, i, i+1)
	if c.r.IntN(3) == 0 {
		p.Release(c.task)
		return
	}
	p.Send(c.task, c.next)
	if c.m.dropped {
		c.m.discarded = append(c.m.discarded, c.next)
	} else {
		c.m.items = append(c.m.items, c.next)
	}
}

// send and receive start a task only where it blocks; the others are the tries above.
func (c *comparison) send() {
	if c.m.closed || c.m.room() {
		return
	}
	p := &pending{v: c.next}
	p.task = start(c.task, "sender"+strconv.Itoa(c.next), func(task *world.Task) { p.err = c.q.Send(task, p.v) })
	c.m.senders, c.pending = append(c.m.senders, p), append(c.pending, p)
}

func (c *comparison) receive() {
	if c.m.ended() || len(c.m.items) > 0 {
		return
	}
	p := &pending{}
	p.task = start(c.task, "receiver"+strconv.Itoa(c.next), func(task *world.Task) { p.v, p.ok = c.q.Recv(task) })
	c.m.receivers, c.pending = append(c.m.receivers, p), append(c.pending, p)
}

func (c *comparison) abort() {
	if len(c.pending) == 0 {
		return
	}
	i := c.r.IntN(len(c.pending))
	p := c.pending[i]
	c.pending = slices.Delete(c.pending, i, i+1)
	same := func(other *pending) bool { return other == p }
	c.m.senders = slices.DeleteFunc(c.m.senders, same)
	c.m.receivers = slices.DeleteFunc(c.m.receivers, same)
	abort(c.t, c.task, p.task)
}

// compare joins what the model says is over, and looks at the books. No step gives values to two
// receivers at once, so what each gets is settled.
func (c *comparison) compare() {
	c.pending = slices.DeleteFunc(c.pending, func(p *pending) bool {
		if !p.over {
			return false
		}
		_ = c.task.Join(p.task)
		want(c.t, c.where("blocked send"), p.err, p.wantErr)
		want(c.t, c.where("blocked recv"), p.ok, p.wantOK)
		if p.wantOK {
			want(c.t, c.where("blocked recv value"), p.v, p.wantV)
		}
		return true
	})
	for _, p := range c.pending {
		want(c.t, c.where("still blocked, ended"), p.task.Ended(), false)
	}
	var inside []int
	c.q.Each(func(v int) { inside = append(inside, v) })
	if !slices.Equal(inside, c.m.items) {
		c.t.Errorf("%s: inside %v, want %v", c.where("each"), inside, c.m.items)
	}
	if !slices.Equal(c.real, c.m.discarded) {
		c.t.Errorf("%s: discarded %v, want %v", c.where("hook"), c.real, c.m.discarded)
	}
	want(c.t, c.where("outstanding"), c.q.Outstanding(), len(c.m.permits))
}

func (c *comparison) finish() {
	for len(c.m.permits) > 0 {
		c.usePermit()
		c.m.settle()
		c.compare()
	}
	c.q.Drop(c.task, nil)
	for _, p := range c.pending {
		_ = c.task.Join(p.task)
	}
}

func (c *comparison) where(what string) string {
	return "seed " + strconv.FormatUint(c.seed, 10) + " step " + strconv.Itoa(c.next) + ": " + what
}
