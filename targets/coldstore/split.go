package coldstore

import (
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
	"github.com/racebench/racebench/targets"
)

// A split has a dispatcher for reads and a writer, which know nothing of each other. A caller takes the
// permit, and it travels with the request.
type split struct {
	s             *server
	writes, reads *prim.Queue[*request]
	readers       *prim.Tracker
	producers     *prim.Tracker
	cancel        *world.Token
	dispatcher    *world.Task
	writer        *world.Task
}

func newSplit(s *server) *split {
	d := &split{
		s:       s,
		writes:  prim.NewQueue[*request](s.w, "the write queue", s.writeQueue),
		reads:   prim.NewQueue[*request](s.w, "the read queue", s.permits),
		readers: prim.NewTracker(s.w, "readers"), producers: prim.NewTracker(s.w, "streams"),
		cancel: s.w.NewToken("the cancel"),
	}
	d.dispatcher = s.w.Go(world.Target, "dispatcher", d.dispatch)
	d.writer = s.w.Go(world.Target, "writer", d.write)
	return d
}

// permitted says whether a read holds a permit on its way.
func (d *split) permitted(r *request) bool { return !r.opens() || d.s.setup != noPermit }

func (d *split) do(t *world.Task, r *request) targets.Reply {
	switch {
	case r.op == opDispatch:
		return dispatch(t, d.writes, r)
	case r.writes():
		if d.writes.Send(t, r) != nil {
			return closed
		}
	case !d.permitted(r):
		if d.reads.Send(t, r) != nil {
			return closed
		}
	default:
		if d.s.reads.Acquire(t, 1) != nil {
			return closed
		}
		d.s.windows.admitted.Pass(t)
		// A permit is room in the queue, but where streams without one take it.
		if d.reads.Send(t, r) != nil {
			d.s.reads.Release(t, 1)
			return closed
		}
	}
	return d.s.await(t, r)
}

// dispatch is the dispatcher's task.
func (d *split) dispatch(t *world.Task) {
	reading := d.reads.Receiving()
	for t.Select(d.cancel, reading) == 1 {
		r, _ := reading.Result()
		d.readers.Go(t, "reader for "+r.who, func(t *world.Task) { d.read(t, r) })
	}
}

// read is the task of one read. The deadline drops the work and frees the permit.
func (d *split) read(t *world.Task, r *request) {
	if d.permitted(r) {
		t.AtEnd(func(t *world.Task) { d.s.reads.Release(t, 1) })
	}
	t.AtEnd(r.forsake)
	if r.opens() {
		r.answer(t, d.s.setUp(t, r, d.producers))
		return
	}
	r.answer(t, d.s.read(t, r, d.s.limitIn(d.s.readDeadline), nil))
}

// write is the writer's task.
func (d *split) write(t *world.Task) {
	writing := d.writes.Receiving()
	for t.Select(d.cancel, writing) == 1 {
		r, _ := writing.Result()
		d.s.windows.queued.Pass(t)
		all := d.s.reads.Acquiring(d.s.permits)
		if t.Select(d.cancel, all) == 0 || all.Result() != nil {
			d.s.lose(r, stationWriter, cancelledInWait)
			r.drop()
			return
		}
		r.answer(t, d.s.commit(t, r, nil))
		d.s.reads.Release(t, d.s.permits)
	}
}

func (d *split) stop(t *world.Task) (ledger.DrainEnd, int64) {
	d.cancel.Cancel(t)
	d.s.draining(t)
	_ = t.Join(d.dispatcher)
	_ = t.Join(d.writer)
	if d.s.closes {
		d.s.reads.Close(t)
	}
	dropQueues(t, d.s, d.writes, d.reads, func(r *request) {
		if d.permitted(r) {
			d.s.reads.Release(t, 1)
		}
	})
	d.readers.Close(t)
	d.readers.Wait(t)
	d.producers.Close(t)
	d.producers.Wait(t)
	d.s.release(t)
	return ledger.DrainReturned, 0
}

func (d *split) inventory() { d.s.account(d.writes) }
