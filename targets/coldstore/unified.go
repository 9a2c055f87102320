package coldstore

import (
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
	"github.com/racebench/racebench/targets"
)

// manyCalls is more than will ever run at once.
const manyCalls = 1 << 30

// A unified store has no loops and no queues: a call takes its permits and starts a tracked task. A
// coordinator closes the permits when it sees the cancel.
type unified struct {
	s           *server
	writer      *prim.Semaphore // of one
	calls       *prim.Tracker
	running     *prim.Semaphore // a gauge: as many units are out as calls run
	cancel      *world.Token
	gone        *world.Token // every handle was dropped
	coordinator *world.Task
}

func newUnified(s *server) *unified {
	d := &unified{
		s: s, writer: prim.NewSemaphore(s.w, "the write permit", 1), calls: prim.NewTracker(s.w, "calls"),
		running: prim.NewSemaphore(s.w, "running calls", manyCalls),
		cancel:  s.w.NewToken("the cancel"), gone: s.w.NewToken("the last handle"),
	}
	d.coordinator = s.w.Go(world.Target, "coordinator", d.coordinate)
	return d
}

// coordinate closes the permits once the store is cancelled.
func (d *unified) coordinate(t *world.Task) {
	t.Await(d.cancel)
	d.s.windows.cancel.Pass(t)
	d.s.reads.Close(t)
	d.writer.Close(t)
	d.s.streams.Close(t)
	d.calls.Close(t)
}

func (d *unified) do(t *world.Task, r *request) targets.Reply {
	if d.s.stop == "drop" && d.gone.Cancelled(t) {
		return closed // there is no handle to call
	}
	switch {
	case r.opens():
		return d.open(t, r)
	case r.writes():
		return d.write(t, r)
	}
	if d.s.reads.Acquire(t, 1) != nil {
		return closed
	}
	limit := d.s.limitIn(d.s.backendTimeout)
	if r.op == opRead {
		limit = 0 // look-ups are exempt
	}
	return d.run(t, r, "reader for ", func(t *world.Task) { d.s.reads.Release(t, 1) }, func(t *world.Task) targets.Reply {
		return d.s.read(t, r, limit, nil)
	})
}

// run starts a call's task, which gives the permits back when it ends, and waits for it. A caller that
// gives up leaves the task behind.
func (d *unified) run(t *world.Task, r *request, name string, free func(t *world.Task), body func(t *world.Task) targets.Reply) targets.Reply {
	d.s.windows.admitted.Pass(t)
	d.calls.Go(t, name+r.who, func(t *world.Task) {
		t.AtEnd(free)
		t.AtEnd(r.forsake)
		_ = d.running.Acquire(t, 1)
		if !d.s.drifts {
			t.AtEnd(func(t *world.Task) { d.running.Release(t, 1) })
		}
		reply := body(t)
		if d.s.drifts {
			d.running.Release(t, 1)
		}
		r.answer(t, reply)
	})
	return d.s.await(t, r)
}

// write takes the write permit and, with a barrier, every read permit.
func (d *unified) write(t *world.Task, r *request) targets.Reply {
	if d.writer.Acquire(t, 1) != nil {
		return closed
	}
	d.s.windows.queued.Pass(t)
	if d.s.barrier == byPermits && d.s.reads.Acquire(t, d.s.permits) != nil {
		d.writer.Release(t, 1)
		return closed
	}
	free := func(t *world.Task) {
		if d.s.barrier == byPermits {
			d.s.reads.Release(t, d.s.permits)
		}
		d.writer.Release(t, 1)
	}
	return d.run(t, r, "writer for ", free, func(t *world.Task) targets.Reply { return d.s.commit(t, r, nil) })
}

// open asks for the latest block before it asks for anything else, the store's end included.
func (d *unified) open(t *world.Task, r *request) targets.Reply {
	if reply := d.s.askLatest(t, r, d.s.limitIn(d.s.backendTimeout)); reply != accepted {
		return reply
	}
	if d.s.streams.Acquire(t, 1) != nil {
		return closed
	}
	d.s.windows.admitted.Pass(t)
	r.stream = d.s.newStream(r)
	d.calls.Go(t, "producer for "+r.who, r.stream.produce)
	return accepted
}

// stop is what the host does: cancel and wait, or less than that.
func (d *unified) stop(t *world.Task) (ledger.DrainEnd, int64) {
	switch d.s.settings.stop {
	case "cancel":
		d.cancel.Cancel(t)
	case "drop":
		d.gone.Cancel(t)
	}
	d.s.draining(t)
	d.calls.Close(t)
	d.calls.Wait(t)
	if d.s.settings.stop == "drop" && d.s.pinned {
		d.s.succeed(t) // every handle is gone, so the host takes the log for closed
		return ledger.DrainReturned, 0
	}
	d.s.release(t)
	return ledger.DrainReturned, 0
}

func (d *unified) inventory() {
	d.s.probe.Gauge("running calls", int64(manyCalls-d.running.Available()), 0, true)
}
