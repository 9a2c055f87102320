package coldstore

import (
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
	"github.com/racebench/racebench/targets"
)

// Stations and causes of lost writes. They are parts of classes and so of contracts.
const (
	stationQueue  = "write-queue"
	stationWriter = "writer"
	// stationBackend is inside a call that nobody can take back.
	stationBackend = "backend"

	loopEnded       = "dropped-when-the-loop-ended"
	cancelledInWait = "dropped-while-waiting-for-readers"
	drainUnfinished = "drain-unfinished"
	stillServing    = "still-serving"
	drainDeadline   = "drain-deadline"
)

// A runner is one task that takes writes and reads from two queues, writes first. It runs writes itself
// and gives each read a task.
type runner struct {
	s             *server
	writes, reads *prim.Queue[*request]
	readers       *prim.Tracker
	producers     *prim.Tracker
	cancel        *world.Token
	task          *world.Task
}

// readQueue is how many reads wait for the loop.
const readQueue = 256

func newRunner(s *server) *runner {
	d := &runner{
		s:       s,
		writes:  prim.NewQueue[*request](s.w, "the write queue", s.writeQueue),
		reads:   prim.NewQueue[*request](s.w, "the read queue", readQueue),
		readers: prim.NewTracker(s.w, "readers"), producers: prim.NewTracker(s.w, "streams"),
		cancel: s.w.NewToken("the cancel"),
	}
	d.task = s.w.Go(world.Target, "runner", d.run)
	return d
}

func (d *runner) do(t *world.Task, r *request) targets.Reply {
	switch {
	case r.op == opDispatch:
		return dispatch(t, d.writes, r)
	case r.writes():
		if d.writes.Send(t, r) != nil {
			return closed
		}
	case d.reads.Send(t, r) != nil:
		return closed
	}
	return d.s.await(t, r)
}

// dispatch puts a write into a queue and waits for nothing.
func dispatch(t *world.Task, q *prim.Queue[*request], r *request) targets.Reply {
	switch q.TrySend(t, r) {
	case prim.ErrFull:
		return overloaded
	case prim.ErrClosed:
		return closed
	}
	return accepted
}

// run is the loop. What it leaves in its queues is dropped with them.
func (d *runner) run(t *world.Task) {
	writing, reading := d.writes.Receiving(), d.reads.Receiving()
	for on := true; on; {
		switch t.Select(d.cancel, writing, reading) {
		case 0:
			on = false
		case 1:
			r, _ := writing.Result()
			d.s.windows.queued.Pass(t)
			d.write(t, r)
		case 2:
			r, _ := reading.Result()
			on = d.admit(t)
			if on {
				d.read(t, r)
			} else {
				r.drop()
			}
		}
	}
	dropQueues(t, d.s, d.writes, d.reads, func(*request) {})
	d.readers.Close(t)
	d.readers.Wait(t)
	d.producers.Close(t)
	d.producers.Wait(t)
}

// dropQueues drops both queues. A dispatched write in them is lost; everybody else is told.
func dropQueues(t *world.Task, s *server, writes, reads *prim.Queue[*request], unread func(r *request)) {
	writes.Drop(t, func(r *request) {
		s.lose(r, stationQueue, loopEnded)
		r.drop()
	})
	reads.Drop(t, func(r *request) {
		unread(r)
		r.drop()
	})
}

// admit waits until one more reader may run. It returns false when the cancel came first. A tracker's wait
// needs a closed tracker, and nobody closes it here.
func (d *runner) admit(t *world.Task) bool {
	if d.s.barrier == byPermits {
		permit := d.s.reads.Acquiring(1)
		return t.Select(d.cancel, permit) == 1 && permit.Result() == nil
	}
	for d.readers.Len() >= d.s.permits {
		if t.Select(d.cancel, d.readers.Waiting()) == 0 {
			return false
		}
	}
	return true
}

// read gives a read a task of its own.
func (d *runner) read(t *world.Task, r *request) {
	d.readers.Go(t, "reader for "+r.who, func(t *world.Task) {
		if d.s.barrier == byPermits {
			t.AtEnd(func(t *world.Task) { d.s.reads.Release(t, 1) })
		}
		t.AtEnd(func(t *world.Task) { r.forsake(t) })
		if r.opens() {
			r.answer(t, d.s.setUp(t, r, d.producers))
			return
		}
		r.answer(t, d.s.read(t, r, 0, nil))
	})
}

// write runs a write when no reader is left. No cancel ends the wait.
func (d *runner) write(t *world.Task, r *request) {
	if d.s.barrier == byTracker {
		d.readers.Close(t)
		d.readers.Wait(t)
		d.readers.Reopen(t)
		r.answer(t, d.s.commit(t, r, nil))
		return
	}
	if d.s.reads.Acquire(t, d.s.permits) != nil {
		r.drop()
		return
	}
	r.answer(t, d.s.commit(t, r, nil))
	d.s.reads.Release(t, d.s.permits)
}

func (d *runner) stop(t *world.Task) (ledger.DrainEnd, int64) {
	d.cancel.Cancel(t)
	d.s.draining(t)
	_ = t.Join(d.task) // a panic of its own is recorded where it happens
	d.s.release(t)
	return ledger.DrainReturned, 0
}

func (d *runner) inventory() { d.s.account(d.writes) }

// account accounts for what is still in a write queue.
func (s *server) account(q *prim.Queue[*request]) {
	cause := stillServing
	if s.begun.Get() != 0 {
		cause = drainUnfinished
	}
	q.Each(func(r *request) { s.lose(r, stationQueue, cause) })
	s.tellQueue(q)
}
