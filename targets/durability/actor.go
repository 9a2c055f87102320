package durability

import (
	"fmt"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
)

// work is the worker's task: it takes records from commits and passes them on to the actor, until there are
// none or the actor has gone.
func (h *host) work(t *world.Task) {
	for {
		r, ok := h.requests.Recv(t)
		if !ok || !h.s.reorders && !h.pass(t, r) || h.s.reorders && !h.passInOrder(t, r) {
			break
		}
	}
	if h.s.reorders {
		text := fmt.Sprintf("%d of %d records came after a later one", h.overtaken, h.due-h.first)
		h.s.probe.Mark("durability worker", text, int64(h.overtaken))
	}
}

// passInOrder holds a record back until every record before it has come.
func (h *host) passInOrder(t *world.Task, r *request) bool {
	if r.offset < h.newest {
		h.overtaken++
	}
	h.newest = max(h.newest, r.offset)
	h.late = insert(h.late, r)
	for len(h.late) > 0 && h.late[0].offset == h.due {
		r, h.late = h.late[0], h.late[1:]
		h.due++
		if !h.pass(t, r) {
			return false
		}
	}
	if len(h.late) > h.s.window {
		h.s.vanish(t, "the reorder window is exceeded")
	}
	return true
}

// insert puts a record into a list in the order of offsets.
func insert(list []*request, r *request) []*request {
	i := len(list)
	for i > 0 && list[i-1].offset > r.offset {
		i--
	}
	list = append(list, nil)
	copy(list[i+1:], list[i:])
	list[i] = r
	return list
}

// pass hands a record to the actor, on the executor's thread where there is one. It returns false when the
// actor has gone.
func (h *host) pass(t *world.Task, r *request) bool {
	h.carried = r
	var err error
	h.onThread(t, func() { err = h.writes.Send(t, r) })
	if err != nil {
		return false // it goes with what else the worker has
	}
	h.carried = nil
	return true
}

// forget is what becomes of a record whose queue nobody reads any more.
func (h *host) forget(r *request) {
	if h.overdue.Get() != 0 && h.s.closing != timeoutAbort {
		h.giveBack(r)
		return
	}
	h.drop(r, stationQueue, h.why())
}

// drop loses a record that is in a queue.
func (h *host) drop(r *request, station, cause string) {
	h.dropped.Add(1)
	h.discard(r, station, cause, false)
	r.settle(lost)
}

// act is the actor's task: whatever is queued it has written and synced at once, on a blocking thread, and
// then it tells those who wait.
func (h *host) act(t *world.Task) {
	for {
		r, ok := h.writes.Recv(t)
		if !ok {
			break
		}
		h.hand = append(h.hand[:0], r)
		for len(h.hand) < h.s.batch {
			r, state := h.writes.TryRecv(t)
			if state != prim.Got {
				break
			}
			h.hand = append(h.hand, r)
		}
		h.seen(h.depth.Add(t, -int64(len(h.hand))))
		h.write(t, h.hand)
		h.s.windows.synced.Pass(t)
		for _, r := range h.hand {
			r.settle(onDisk)
		}
		h.hand = h.hand[:0]
	}
	h.finish(t)
}

// write has a batch written and synced on a blocking thread.
func (h *host) write(t *world.Task, batch []*request) {
	var failed error
	h.writing.Set(1)
	h.writer = t.Go("log writer", func(t *world.Task) {
		failed = h.log.append(t, batch)
		h.s.own(t, "host", ledger.Wrote)
	})
	_ = t.Join(h.writer) // it does not panic
	h.writing.Set(0)
	if failed != nil {
		h.s.vanish(t, failed.Error())
	}
}

// finish frees the log and says that it is closed, in the order of the recipe.
func (h *host) finish(t *world.Task) {
	h.finished.Set(1)
	if h.s.unlocksLate {
		h.closed.Cancel(t)
		h.s.windows.unlock.Pass(t)
		h.s.release(t, "host", h.log, h.lock)
		return
	}
	h.s.release(t, "host", h.log, h.lock)
	h.closed.Cancel(t)
}

// dropRequests and dropWrites are what becomes of the queues when the task that reads them has ended, as of
// a future's fields: nobody will read what is in them.
func (h *host) dropRequests(t *world.Task) {
	if h.carried != nil {
		h.forget(h.carried)
	}
	for _, r := range h.late {
		h.drop(r, "reorder-window", "gap-before-it")
	}
	h.requests.Drop(t, h.forget)
	h.writes.Close(t)
}

func (h *host) dropWrites(t *world.Task) {
	h.writes.Drop(t, h.forget)
	if h.finished.Get() != 0 {
		return
	}
	for _, r := range h.hand { // which the depth counts no more
		h.discard(r, "writer", h.why(), false)
		r.settle(lost)
	}
	if !h.forsaken {
		h.s.release(t, "host", h.log, h.lock)
	}
	h.closed.Cancel(t)
}

// why is why a queue is not read any more.
func (h *host) why() string {
	switch {
	case h.forsaken:
		return "server-gone"
	case h.overdue.Get() != 0:
		return "exit-timed-out"
	}
	return "actor-gone"
}

const stationQueue = "queue"
