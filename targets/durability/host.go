package durability

import (
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
	"github.com/racebench/racebench/targets"
)

// A host owns a database: its datastore, the way of its commits to the log, and its background tasks.
type host struct {
	s    *server
	log  *commitLog
	lock Lock

	store *world.Mutex  // the datastore's; guards next
	next  int64         // offset of the next commit
	first int64         // offset of the host's first commit
	shut  *world.Atomic // 1: commits are refused

	requests *prim.Queue[*request] // to the worker
	writes   *prim.Queue[*request] // to the actor
	depth    *world.Atomic         // records in the two queues
	lowest   world.Note            // the least the depth ever was
	thread   *world.Mutex          // that worker and scheduler share; nil where each has its own
	worker   *world.Task
	actor    *world.Task
	writer   *world.Task // the actor's latest blocking write
	hand     []*request  // the actor's batch

	stop       *world.Token // background tasks are to stop
	unschedule *world.Token // the scheduler is to stop
	cleanup    *world.Task
	metrics    *world.Task
	scheduler  *world.Task
	running    *world.Task // the latest blocking run of the cleanup

	closed      *world.Token  // the actor has ended and the log is free
	taken       *world.Atomic // 1: a closer has the handle to join, or gives back what is queued
	carried     *request      // that the worker has in hand
	due, newest int64         // of reorder-window: the offset that is due, the latest that came
	overtaken   int           // of reorder-window: records that came after a later one
	late        []*request    // of reorder-window: those that wait for one before them, by offset
	overdue     world.Note    // 1: the deadline has passed
	writing     world.Note    // 1: a batch is being written
	finished    world.Note    // 1: the actor has come to its own end
	dropped     world.Note    // records that left the queues without being written; the depth counts them
	left        world.Note    // clients' messages that were given back or dropped
	forsaken    bool          // the process ends without a close: its end frees the lock
}

// launch opens the log and starts a host on it.
func (s *server) launch(t *world.Task) (*host, error) {
	log, lock, ok := s.open(t, "host")
	if !ok {
		return nil, ErrOwned
	}
	w, room := s.w, s.queue
	if s.unbounded {
		room = 0
	}
	h := &host{
		s: s, log: log, lock: lock, next: log.next, first: log.next, due: log.next,
		store: w.NewMutex("the datastore"), shut: w.NewAtomic("the commit gate", 0),
		requests: prim.NewQueue[*request](w, "the durability queue", room),
		writes:   prim.NewQueue[*request](w, "the write queue", room),
		depth:    w.NewAtomic("the queue depth", 0), taken: w.NewAtomic("the join handle", 0),
		stop: w.NewToken("background tasks to stop"), unschedule: w.NewToken("the scheduler to stop"),
		closed: w.NewToken("the log to be closed"),
	}
	if s.oneThread {
		h.thread = w.NewMutex("the executor's thread")
	}
	h.worker = w.Go(world.Target, "durability worker", h.work)
	h.worker.AtEnd(h.dropRequests)
	h.actor = w.Go(world.Target, "durability actor", h.act)
	h.actor.AtEnd(h.dropWrites)
	h.cleanup = h.background("view cleanup", s.cleanup, h.clean)
	h.metrics = h.background("metrics", s.metrics, func(t *world.Task) { h.seen(h.depth.Load(t)) })
	h.scheduler = h.schedule()
	return h, nil
}

// background starts a task that works at once and then every so often, until it is told to stop.
func (h *host) background(name string, every time.Duration, work func(t *world.Task)) *world.Task {
	return h.s.w.Go(world.Target, name, func(t *world.Task) { h.repeat(t, h.stop, every, work) })
}

// repeat works in a period, the first time at once.
func (h *host) repeat(t *world.Task, until *world.Token, every time.Duration, work func(t *world.Task)) {
	if every == 0 {
		return
	}
	timer := h.s.w.NewTimer("the next round of " + t.Name())
	timer.Periodic = true
	for n := 1; !until.Try(); n++ {
		work(t)
		if n == h.s.rounds {
			return
		}
		timer.Set(every)
		if t.Select(until, timer) == 0 {
			return
		}
	}
}

// clean has one cleanup run on a blocking thread, which no abort can stop, and waits for it.
func (h *host) clean(t *world.Task) {
	h.running = t.Go("view cleanup run", func(t *world.Task) {
		t.Sleep(h.s.run)
		h.s.windows.cleanup.Pass(t)
		if h.s.emptyCommits {
			h.commit(t, &request{}, false)
		}
	})
	_ = t.Join(h.running) // a panic of its own is recorded where it happens
}

// schedule starts the scheduler, whose reducers commit on the executor's thread.
func (h *host) schedule() *world.Task {
	return h.s.w.Go(world.Target, "scheduler", func(t *world.Task) {
		h.repeat(t, h.unschedule, h.s.schedule, func(t *world.Task) {
			h.onThread(t, func() { h.commit(t, &request{}, false) })
		})
	})
}

// onThread runs f on the executor's thread, where there is one for all.
func (h *host) onThread(t *world.Task, f func()) {
	if h.thread != nil {
		h.thread.Lock(t)
		defer h.thread.Unlock(t)
	}
	f()
}

// seen notes how deep the queues were when somebody looked.
func (h *host) seen(depth int64) {
	if depth < h.lowest.Get() {
		h.lowest.Set(depth)
	}
}

// exit is exit_module_host: the module, the background tasks and the log come to their end, in the order
// that the recipe says.
func (h *host) exit(t *world.Task) {
	if h.s.background == dropFirst {
		h.abortBackground(t)
	}
	h.unschedule.Cancel(t)
	_ = t.Join(h.scheduler)
	switch h.s.background {
	case abortClose:
		h.abortBackground(t)
	case abortJoinEnd:
		h.abortBackground(t)
		_, _ = t.Join(h.cleanup), t.Join(h.metrics)
	case stopJoin:
		h.stop.Cancel(t)
		_, _ = t.Join(h.cleanup), t.Join(h.metrics)
	}
	h.s.windows.exit.Pass(t)
	h.shutdown(t)
	if h.s.background == closeAbort {
		h.abortBackground(t)
	}
	h.joinBlocking(t)
}

func (h *host) abortBackground(t *world.Task) {
	h.cleanup.Abort(t)
	h.metrics.Abort(t)
}

// joinBlocking waits for what runs on blocking threads, as the runtime does before the process ends.
func (h *host) joinBlocking(t *world.Task) {
	_, _ = t.Join(h.cleanup), t.Join(h.metrics)
	if h.running != nil {
		_ = t.Join(h.running)
	}
	_, _ = t.Join(h.worker), t.Join(h.actor)
	if h.writer != nil {
		_ = t.Join(h.writer)
	}
}

// shutdown closes the log, for two closers at once where there are two: the exit of the module, and the drop
// of the database.
func (h *host) shutdown(t *world.Task) {
	if h.s.closers == 1 {
		h.close(t, nil)
		return
	}
	drop := t.Go("database drop", func(drop *world.Task) { h.close(drop, t) })
	h.close(t, drop)
	_ = t.Join(drop)
}

// close closes the log and waits for it, as the recipe says. Other is who closes it too, where there is one.
func (h *host) close(t, other *world.Task) {
	switch h.s.closing {
	case joinHandle:
		if h.taken.CompareAndSwap(t, 0, 1) {
			h.closeQueue(t)
			_, _ = t.Join(h.worker), t.Join(h.actor)
		}
	default:
		h.closeQueue(t)
		if !h.awaitClosed(t, other) {
			h.s.closedOnce.Cancel(t)
			return
		}
	}
	h.s.own(t, "host", ledger.CloseDone)
	h.s.closedOnce.Cancel(t)
}

// closeQueue refuses commits from now on and lets the worker come to its end. Where room is waited for
// without the lock, the gate is shut under it.
func (h *host) closeQueue(t *world.Task) {
	if h.s.enqueue == reserveFirst {
		h.store.Lock(t)
		defer h.store.Unlock(t)
	}
	h.shut.Store(t, 1)
	h.requests.Close(t)
}

// awaitClosed waits for the actor's end, for as long as the recipe does. It returns false when the time was
// up and the design is one that does not wait on.
func (h *host) awaitClosed(t, other *world.Task) bool {
	if h.s.deadline == 0 {
		t.Await(h.closed)
		return true
	}
	timer := h.s.w.NewTimer("the exit's timeout")
	timer.Idle, timer.Timely = h.s.idleDeadline, h.s.idleDeadline
	timer.Set(h.s.deadline)
	if t.Select(h.closed, timer) == 0 {
		return true
	}
	h.s.expired.Set(1)
	if h.overdue.Swap(1) == 0 {
		// A batch that is being written was left to finish, whosever records it holds, and so was a task on its way. The
		// other closer only waits for the same, and does not count again.
		h.left.Add(max(h.writing.Get(), t.Moving(other)))
	}
	if h.s.closing == timeoutAbort {
		h.worker.Abort(t)
		h.actor.Abort(t)
		return false
	}
	if h.taken.CompareAndSwap(t, 0, 1) {
		h.requests.Drop(t, h.giveBack)
		h.writes.Drop(t, h.giveBack)
	}
	t.Await(h.closed)
	return true
}

// giveBack returns a record that nobody will write to its owner.
func (h *host) giveBack(r *request) {
	h.dropped.Add(1)
	h.discard(r, stationQueue, "drain-deadline", true)
	r.settle(givenBack)
}

// abandon is what the signal's gap leaves of a stop: tasks end where they are, and what they had is gone.
func (h *host) abandon(t *world.Task) {
	h.forsaken = true
	for _, task := range []*world.Task{h.cleanup, h.metrics, h.scheduler, h.worker, h.actor} {
		task.Abort(t)
	}
	h.shut.Store(t, 1)
	h.joinBlocking(t)
	_ = t.Join(h.scheduler)
	h.s.release(t, "host", h.log, h.lock)
}

// discard tells of a record that is not going to be written.
func (h *host) discard(r *request, station, cause string, returned bool) {
	if r.msg != 0 {
		h.left.Add(1)
		h.s.probe.Discard(targets.Discard{
			Msg: r.msg, Lane: -1, Station: station, Cause: cause, Where: station, Draining: h.s.begun.Get() != 0, Returned: returned,
		})
	}
}
