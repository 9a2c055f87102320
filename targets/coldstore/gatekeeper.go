package coldstore

import (
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
	"github.com/racebench/racebench/targets"
)

// A gatekeeper is the reference. A call counts itself and then asks the gate, which the stop shuts before
// it says that it has begun. What a call takes belongs to its work: a permit comes back when the backend
// is done with it, not when the caller has given up. Every wait has a limit and ends when the gate shuts.
type gatekeeper struct {
	s       *server
	gate    *world.Token // shut: nobody is admitted
	hard    *world.Token // the drain's deadline has passed
	left    *world.Token // and the stop has given up on something
	work    *workload
	pending *pending
	writes  *prim.Queue[*request]
	writer  *world.Task

	inBackend world.Note // the write that the backend works on
	back      world.Note // writes that were given back by id
}

func newGatekeeper(s *server) *gatekeeper {
	d := &gatekeeper{
		s: s, gate: s.w.NewToken("the gate"), hard: s.w.NewToken("the drain's deadline"),
		left: s.w.NewToken("what the stop gives up on"),
		work: newWorkload(s.w), pending: newPending(s.w),
		writes: prim.NewQueue[*request](s.w, "the write queue", s.writeQueue),
	}
	s.backend.entry = newWorkload(s.w)
	d.writer = s.w.Go(world.Target, "writer", d.run)
	return d
}

// Who owns a write: nobody yet, the writer, or a caller that has taken it back.
const (
	queued = iota
	taken
	withdrawn
)

func (d *gatekeeper) do(t *world.Task, r *request) targets.Reply {
	d.work.add(t)
	defer d.work.done(t)
	if d.gate.Cancelled(t) {
		return closed
	}
	limit := d.s.limitIn(d.s.readDeadline)
	switch {
	case r.op == opDispatch:
		return d.dispatch(t, r)
	case r.writes():
		return d.write(t, r, limit)
	case r.opens():
		return d.open(t, r, limit)
	}
	return d.read(t, r, limit)
}

// acquire waits for a unit until a moment, or until the gate shuts.
func (d *gatekeeper) acquire(t *world.Task, from *prim.Semaphore, until time.Duration) targets.Reply {
	if from.TryAcquire(t, 1) == nil {
		return accepted
	}
	timer := d.s.w.NewTimer("the call's deadline")
	timer.SetAt(until)
	defer timer.Stop()
	unit := from.Acquiring(1)
	switch t.Select(d.gate, unit, timer) {
	case 0:
		return closed
	case 1:
		_ = unit.Result() // it is never closed
		return accepted
	}
	return timedOut
}

// read has a task of its own do the read, so that a backend which ignores its caller keeps nobody.
func (d *gatekeeper) read(t *world.Task, r *request, until time.Duration) targets.Reply {
	if w, ok := d.pending.find(t, r.height); ok && r.op == opRead {
		return d.s.found(r, w.msg.ID)
	}
	if reply := d.acquire(t, d.s.reads, until); reply != accepted {
		return reply
	}
	d.work.add(t)
	t.Go("reader for "+r.who, func(t *world.Task) {
		t.AtEnd(r.forsake)
		r.answer(t, d.s.read(t, r, until, func(t *world.Task) {
			d.s.reads.Release(t, 1)
			d.work.done(t)
		}))
	})
	return d.await(t, r, until, timedOut)
}

// await waits for the answer until a moment, and returns late when that comes first.
func (d *gatekeeper) await(t *world.Task, r *request, until time.Duration, late targets.Reply) targets.Reply {
	timer := d.s.w.NewTimer("the call's deadline")
	timer.SetAt(until)
	defer timer.Stop()
	if t.Select(r.done, timer) == 0 {
		return r.reply
	}
	return late
}

// dispatch queues a write. It is counted until it is stored or given back, and look-ups see it meanwhile.
func (d *gatekeeper) dispatch(t *world.Task, r *request) targets.Reply {
	d.pending.add(t, r)
	d.work.add(t)
	reply := dispatch(t, d.writes, r)
	if reply != accepted {
		d.pending.remove(t, r)
		d.work.done(t)
	}
	return reply
}

// write queues a write and waits for it. A caller whose deadline passes takes its write back if the writer
// has not got it, so that a refused write has no effect.
func (d *gatekeeper) write(t *world.Task, r *request, until time.Duration) targets.Reply {
	timer := d.s.w.NewTimer("the call's deadline")
	timer.SetAt(until)
	room := d.writes.Reserving()
	which := t.Select(d.gate, room, timer)
	timer.Stop()
	switch which {
	case 0:
		return closed
	case 2:
		return timedOut
	}
	permit, err := room.Result()
	if err != nil {
		return closed
	}
	d.work.add(t)
	permit.Send(t, r)
	reply := d.await(t, r, until, unsure)
	switch {
	case reply != unsure:
		return reply
	case r.state.CompareAndSwap(t, queued, withdrawn):
		return timedOut
	}
	return d.outlast(t, r)
}

// outlast gives a write that has begun as much time again, so that only one that is stuck stays unknown to
// its caller. That is what Idle means: nobody is waiting for this limit to pass. In a simulated world it passes
// after the limits of all others, and what it is late by is nobody's doing.
func (d *gatekeeper) outlast(t *world.Task, r *request) targets.Reply {
	before := d.s.w.Waited()
	timer := d.s.w.NewTimer("the write's last limit")
	timer.Idle = true
	timer.Set(d.s.readDeadline)
	defer timer.Stop()
	which := t.Select(r.done, timer, d.left)
	r.overdue = max(0, d.s.w.Waited()-before-d.s.readDeadline)
	if which == 0 {
		return r.reply
	}
	return unsure
}

// run is the writer's task: one write after the other, each with every permit.
func (d *gatekeeper) run(t *world.Task) {
	for r, ok := d.writes.Recv(t); ok; r, ok = d.writes.Recv(t) {
		d.s.windows.queued.Pass(t)
		if !d.turn(t, r) {
			return
		}
	}
}

// turn runs one write. It returns false when the drain's deadline came first.
func (d *gatekeeper) turn(t *world.Task, r *request) bool {
	for got := false; !got; {
		if r.state.Load(t) == withdrawn {
			d.work.done(t)
			return true
		}
		var on bool
		if got, on = d.takeAll(t, r); !on {
			d.giveBack(t, r, stationWriter)
			return false
		}
	}
	if !r.state.CompareAndSwap(t, queued, taken) {
		d.s.reads.Release(t, d.s.permits)
		d.work.done(t)
		return true
	}
	over := d.s.w.NewToken("the write to end")
	d.inBackend.Set(int64(r.msg.ID))
	t.Go("writer for "+r.who, func(t *world.Task) {
		t.AtEnd(over.Cancel)
		t.AtEnd(r.forsake)
		reply := d.s.commit(t, r, func(t *world.Task) {
			d.inBackend.Set(0)
			d.s.reads.Release(t, d.s.permits)
			d.work.done(t)
		})
		if reply == accepted {
			d.pending.remove(t, r)
		} else {
			d.pending.remove(t, r)
			d.s.giveBack(r, stationWriter) // the backend has refused it, or was taken away before
		}
		r.answer(t, reply)
	})
	return t.Select(over, d.hard) == 0
}

// takeAll waits for every permit, for as long as a read may take: then it leaves the line, so that readers
// behind it get their turn, and an awaited write is refused. On is false when the drain's deadline came
// first.
func (d *gatekeeper) takeAll(t *world.Task, r *request) (got, on bool) {
	timer := d.s.w.NewTimer("the write's deadline")
	timer.Set(d.s.readDeadline)
	defer timer.Stop()
	all := d.s.reads.Acquiring(d.s.permits)
	switch t.Select(d.hard, all, timer) {
	case 0:
		return false, false
	case 1:
		return all.Result() == nil, true
	}
	if r.op != opDispatch && r.state.CompareAndSwap(t, queued, withdrawn) {
		r.answer(t, timedOut)
	}
	return false, true
}

// giveBack returns a write that the drain's deadline has left: a dispatched one to its owner by id, an
// awaited one to its caller. Look-ups that are still on their way see it to the end.
func (d *gatekeeper) giveBack(t *world.Task, r *request, station string) {
	if r.state.CompareAndSwap(t, queued, withdrawn) {
		d.back.Set(d.back.Get() + d.s.giveBack(r, station))
		r.answer(t, cancelled)
	}
	d.work.done(t)
}

// giveBack returns an acknowledged write to its owner; others were never acknowledged.
func (s *server) giveBack(r *request, station string) int64 {
	if r.op != opDispatch {
		return 0
	}
	s.probe.Discard(targets.Discard{
		Msg: r.msg.ID, Lane: -1, Station: station, Cause: drainDeadline, Where: "write of " + r.who, Draining: true, Returned: true,
	})
	return 1
}

// open gives a stream a slot and a producer. The latest block is known, so the backend is not asked.
func (d *gatekeeper) open(t *world.Task, r *request, until time.Duration) targets.Reply {
	if reply := d.acquire(t, d.s.streams, until); reply != accepted {
		return reply
	}
	d.s.latest.Load(t)
	r.stream = d.s.newStream(r)
	d.work.add(t)
	t.Go("producer for "+r.who, func(t *world.Task) { d.produce(t, r.stream) })
	return accepted
}

// produce is a producer's task. Its deadline and the gate end it, and it says so only if there is room.
func (d *gatekeeper) produce(t *world.Task, st *stream) {
	t.AtEnd(d.work.done)
	t.AtEnd(func(t *world.Task) { d.s.streams.Release(t, 1) })
	n, ok := d.s.backend.enter(t, ledger.Access{Kind: ledger.SnapshotAccess, Msg: st.msg})
	if ok {
		if rows, err := d.s.backend.log.Rows(t); err == nil {
			if !d.send(t, st, rows) {
				_ = st.buffer.TrySend(t, row{late: true})
			}
			rows.Close(t)
		}
		d.s.record.AccessEnded(n)
	}
	st.buffer.Close(t)
}

// send sends rows until they end or the client hangs up. It returns false when it had to stop before.
func (d *gatekeeper) send(t *world.Task, st *stream, rows Rows) bool {
	deadline := d.s.w.NewTimer("the stream's deadline")
	deadline.Set(d.s.streamDeadline)
	defer deadline.Stop()
	for reserving := st.buffer.Reserving(); rows.Next(t); {
		if t.Select(d.gate, deadline, reserving) != 2 {
			return false
		}
		permit, err := reserving.Result()
		if err != nil {
			return true
		}
		permit.Send(t, row{})
		st.noteFull()
	}
	return true
}

// stop shuts the gate, waits until no work is left, and gives back what a deadline leaves.
func (d *gatekeeper) stop(t *world.Task) (ledger.DrainEnd, int64) {
	d.gate.Cancel(t)
	d.s.draining(t)
	d.work.gateShut(t)
	timer := d.s.w.NewTimer("the drain's deadline")
	timer.Idle, timer.Timely = d.s.idleDeadline, d.s.idleDeadline
	timer.Set(d.s.settings.deadline)
	inTime := t.Select(d.work.none, timer) == 0
	timer.Stop()
	var moving int64
	if !inTime {
		moving = t.Moving()
		d.hard.Cancel(t)
		d.s.backend.revoke(t)
	}
	d.writes.Close(t)
	_ = t.Join(d.writer)
	if inTime {
		d.s.release(t)
		return ledger.DrainReturned, 0
	}
	how, left := d.abandon(t)
	return how, max(left, moving) // a task that was on its way was left to finish
}

// abandon gives back the queue and counts what the backend has not come back with.
func (d *gatekeeper) abandon(t *world.Task) (ledger.DrainEnd, int64) {
	for r, state := d.writes.TryRecv(t); state == prim.Got; r, state = d.writes.TryRecv(t) {
		d.giveBack(t, r, stationQueue)
	}
	left := d.back.Get() + d.work.count.Load(t)
	if id := d.inBackend.Get(); id != 0 {
		d.s.probe.Discard(targets.Discard{
			Msg: ledger.MsgID(id), Lane: -1, Station: stationBackend, Cause: drainDeadline, Where: "the backend", Draining: true, Returned: true,
		})
	}
	if left == 0 {
		d.s.release(t)
		return ledger.DrainDeadline, 0
	}
	d.s.gaveUp.Set(1)
	d.left.Cancel(t)
	return ledger.DrainDeadline, left
}

func (d *gatekeeper) inventory() {
	d.s.account(d.writes)
	// What a deadline has given up, look-ups that are still on their way see to the end.
	d.s.probe.Gauge("pending writes", d.pending.n.Peek(), 0, d.s.gaveUp.Get() == 0)
}
