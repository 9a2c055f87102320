package durability

import (
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// A fate is what became of a record.
type fate uint8

const (
	underWay  fate = iota
	onDisk         // written and synced
	givenBack      // the deadline returned it to its owner
	lost           // who had it ended
)

// A request is one commit on its way to the log. Its fate is written before done is cancelled.
type request struct {
	offset int64
	msg    ledger.MsgID // 0: a commit of the host's own
	size   int64
	done   *world.Token // of a commit that waits; nil otherwise
	fate   fate
}

// settle says what became of the record to whoever waits.
func (r *request) settle(f fate) {
	r.fate = f
	if r.done != nil {
		r.done.Expire()
	}
}

// vanished is what a commit panics with whose record has nowhere to go.
const vanished = "durability actor vanished"

var (
	accepted = targets.Reply{Outcome: ledger.Accepted}
	refused  = targets.Reply{Outcome: ledger.Refused, Cause: ledger.Closed}
	unknown  = targets.Reply{Outcome: ledger.Unknown, Cause: ledger.Closed}
)

// A client is one connection.
type client struct {
	s  *server
	op string
}

// Do implements targets.Client.
func (c *client) Do(t *world.Task, m targets.Message) targets.Reply {
	switch c.op {
	case opLaunch:
		return c.s.launchFor(t)
	case opRead:
		before := c.s.w.Waited()
		reply := c.s.read(t)
		if waited := c.s.w.Waited() - before; waited > 0 {
			c.s.record.Waited(m.ID, waited)
		}
		return reply
	}
	return c.s.first.commit(t, &request{msg: m.ID, size: m.Size}, c.op == opCommit)
}

// Close implements targets.Client.
func (c *client) Close(*world.Task) {}

// read takes a look at the datastore.
func (s *server) read(t *world.Task) targets.Reply {
	h := s.first // whoever is connected holds the database, also when the controller has forgotten it
	h.store.Lock(t)
	defer h.store.Unlock(t)
	if h.shut.Load(t) != 0 {
		return refused
	}
	return accepted
}

// launchFor returns the host, or launches it where there is none. While the host is on its way out a caller
// waits for that.
func (s *server) launchFor(t *world.Task) targets.Reply {
	s.controller.Lock(t)
	stopping, host := s.stopping, s.host
	s.controller.Unlock(t)
	switch {
	case !stopping:
		return accepted
	case host != nil || s.ended.Try():
		t.Await(s.ended)
		return refused
	}
	log, lock, ok := s.open(t, "launch")
	if !ok {
		return targets.Reply{Outcome: ledger.Refused, Cause: ledger.OtherCause}
	}
	s.release(t, "launch", log, lock) // the server is stopping, so there is no use for it
	return refused
}

// commit makes a change visible and sends its record on its way. Waits says that it returns when the record
// is on disk, or never will be.
func (h *host) commit(t *world.Task, r *request, waits bool) targets.Reply {
	if waits {
		r.done = h.s.w.NewToken("its record to be on disk")
	}
	var sent bool
	switch h.s.enqueue {
	case reserveFirst:
		sent = h.commitReserved(t, r)
	case underLock:
		sent = h.commitLocked(t, r)
	case afterUnlock:
		sent = h.commitUnlocked(t, r)
	}
	switch {
	case !sent:
		return refused
	case !waits:
		return accepted
	}
	t.Await(r.done)
	switch r.fate {
	case onDisk:
		return accepted
	case givenBack:
		return refused
	}
	return unknown
}

// commitReserved takes a slot of the queue before it takes the lock: the wait for room holds up nobody, and
// under the lock the commit is visible and on its way at once.
func (h *host) commitReserved(t *world.Task, r *request) bool {
	late := h.s.panicsWoken && h.shut.Load(t) != 0
	permit, err := h.requests.Reserve(t)
	if err != nil {
		h.refuse(t, late)
		return false
	}
	defer permit.Release(t) // after the send it does nothing
	h.store.Lock(t)
	defer h.store.Unlock(t)
	if !h.s.panicsLate && h.shut.Load(t) != 0 {
		return false
	}
	r.offset = h.next
	h.next++
	if !h.s.countsLate {
		h.depth.Add(t, 1)
	}
	permit.Send(t, r)
	if h.s.countsLate {
		h.s.windows.count.Pass(t)
		h.depth.Add(t, 1)
	}
	return true
}

// refuse ends a commit that got no room because the queue is closed. Late says that it came after the close.
func (h *host) refuse(t *world.Task, late bool) {
	if h.s.panicsLate || h.s.panicsWoken && !late {
		h.s.vanish(t, vanished)
	}
}

// commitLocked holds the lock until the record is in the queue, also while it waits for room there.
func (h *host) commitLocked(t *world.Task, r *request) bool {
	h.store.Lock(t)
	defer h.store.Unlock(t)
	if h.shut.Load(t) != 0 {
		return false
	}
	r.offset = h.next
	h.depth.Add(t, 1)
	if h.requests.Send(t, r) != nil {
		h.depth.Add(t, -1)
		h.refuse(t, false)
		return false
	}
	h.next++
	return true
}

// commitUnlocked gives the lock back before the record is in the queue.
func (h *host) commitUnlocked(t *world.Task, r *request) bool {
	h.store.Lock(t)
	if h.shut.Load(t) != 0 {
		h.store.Unlock(t)
		return false
	}
	r.offset = h.next
	h.next++
	h.store.Unlock(t)
	h.s.windows.enqueue.Pass(t)
	h.depth.Add(t, 1)
	if h.requests.Send(t, r) != nil {
		h.depth.Add(t, -1)
		return false
	}
	return true
}
