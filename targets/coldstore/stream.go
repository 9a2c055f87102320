package coldstore

import (
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
	"github.com/racebench/racebench/targets"
)

// A stream is rows on their way from a producer of the store to a client.
type stream struct {
	s      *server
	msg    ledger.MsgID
	buffer *prim.Queue[row]
}

// A row is one log of a block, or the error that ends a stream early.
type row struct{ late bool }

func (s *server) newStream(r *request) *stream {
	return &stream{s: s, msg: r.msg.ID, buffer: prim.NewQueue[row](s.w, "the buffer of "+r.who, s.buffer)}
}

// consume reads a stream to its end.
func (st *stream) consume(t *world.Task) targets.Reply {
	for {
		r, ok := st.buffer.Recv(t)
		switch {
		case !ok:
			return accepted
		case r.late:
			return unsure
		}
		t.Sleep(st.s.pace)
	}
}

// setUp is the setup of a stream in designs with loops: a slot, the latest block, a producer.
func (s *server) setUp(t *world.Task, r *request, producers *prim.Tracker) targets.Reply {
	wait, latest := s.limitIn(s.streamDeadline), time.Duration(0)
	if s.setup == wholeBounded {
		wait = min(wait, s.limitIn(s.readDeadline))
		latest = wait
	}
	if !s.takeSlot(t, wait) {
		return timedOut
	}
	if s.setup == latestBounded {
		latest = s.limitIn(s.readDeadline)
	}
	if reply := s.askLatest(t, r, latest); reply != accepted {
		s.streams.Release(t, 1)
		return reply
	}
	r.stream = s.newStream(r)
	producers.Go(t, "producer for "+r.who, r.stream.produce)
	return accepted
}

// takeSlot waits for a slot until a moment.
func (s *server) takeSlot(t *world.Task, until time.Duration) bool {
	timer := s.w.NewTimer("the wait for a slot")
	timer.SetAt(until)
	defer timer.Stop()
	slot := s.streams.Acquiring(1)
	return t.Select(slot, timer) == 0 && slot.Result() == nil
}

// askLatest asks the backend for its latest block. A setup without a permit works on the snapshot of its
// stream; every other one is a reader.
func (s *server) askLatest(t *world.Task, r *request, limit time.Duration) targets.Reply {
	kind := ledger.ReadAccess
	if s.setup == noPermit {
		kind = ledger.SnapshotAccess
	}
	return replyTo(s.backend.do(t, call{
		kind: kind, msg: r.msg.ID, limit: limit,
		act: func(t *world.Task) error {
			_, err := s.backend.log.Latest(t)
			return err
		},
	}, s.backend.latest(t)))
}

// produce is a producer's task. Its deadline ends it between two rows; then it still has to say so, and
// for that it waits for room like for any row.
func (st *stream) produce(t *world.Task) {
	s := st.s
	t.AtEnd(func(t *world.Task) { s.streams.Release(t, 1) })
	n := s.record.AccessBegan(ledger.Access{Kind: ledger.SnapshotAccess, Msg: st.msg})
	rows, err := s.backend.log.Rows(t)
	if err == nil {
		if !st.send(t, rows) {
			_ = st.buffer.Send(t, row{late: true}) // nobody is left to tell when the client has hung up
		}
		rows.Close(t)
	}
	st.buffer.Close(t)
	s.record.AccessEnded(n)
}

// send sends rows until they end or the client hangs up. It returns false when the deadline came first. A
// backend that ignores its caller has no deadline at all.
func (st *stream) send(t *world.Task, rows Rows) bool {
	s := st.s
	deadline := s.w.NewTimer("the stream's deadline")
	deadline.Set(s.streamDeadline)
	defer deadline.Stop()
	for reserving := st.buffer.Reserving(); rows.Next(t); {
		if s.backend.profile == unaware {
			if st.buffer.Send(t, row{}) != nil {
				return true
			}
			st.noteFull()
			continue
		}
		if t.Select(reserving, deadline) == 1 {
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

// noteFull notes how many rows the buffer has held.
func (st *stream) noteFull() {
	if !st.s.w.Simulated() {
		st.s.fullest.Raise(int64(st.buffer.High()))
	}
}
