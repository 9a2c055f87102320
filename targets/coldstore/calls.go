package coldstore

import (
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// scanned is how many heights a range holds.
const scanned = 8

// read does a look-up or a range, within a limit. Over is called once the backend is done with it.
func (s *server) read(t *world.Task, r *request, limit time.Duration, over func(t *world.Task)) targets.Reply {
	if r.op == opScan {
		return replyTo(s.backend.do(t, call{
			kind: ledger.ReadAccess, msg: r.msg.ID, key: r.height, limit: limit, over: over,
			act: func(t *world.Task) error {
				_, err := s.backend.log.Scan(t, max(0, r.height-scanned), r.height+1)
				return err
			},
		}, plight{takes: s.backend.faults.read}))
	}
	return s.lookUp(t, r, limit, over)
}

// lookUp reads a block from the cache, else from the log, and puts it into the cache. Where the work owns
// the permit, it fills the cache as well; elsewhere the caller does, when it is still there.
func (s *server) lookUp(t *world.Task, r *request, limit time.Duration, over func(t *world.Task)) targets.Reply {
	id, ok := s.cache.get(t, r.height)
	if ok {
		if over != nil {
			t.AtEnd(over)
		}
		return s.found(r, id)
	}
	var got ledger.MsgID
	var found bool
	fill := func(t *world.Task) {
		s.windows.fill.Pass(t)
		if found {
			s.cache.put(t, r.height, got)
		}
	}
	err := s.backend.do(t, call{
		kind: ledger.ReadAccess, msg: r.msg.ID, key: r.height, limit: limit, over: over,
		act: func(t *world.Task) (err error) {
			got, found, err = s.backend.log.Get(t, r.height)
			if s.shape == gated && err == nil {
				fill(t)
			}
			return err
		},
	}, s.backend.lookUp(t))
	if err != nil {
		return replyTo(err)
	}
	if s.shape != gated {
		fill(t)
	}
	return s.found(r, got)
}

// found tells what a look-up has seen.
func (s *server) found(r *request, id ledger.MsgID) targets.Reply {
	if r.height > 0 {
		s.record.Value(ledger.Value{Msg: r.msg.ID, Key: r.height, Value: uint64(id)})
	}
	return accepted
}

func replyTo(err error) targets.Reply {
	switch err {
	case nil:
		return accepted
	case errCancelled:
		return timedOut
	case ErrGivenBack:
		return closed
	}
	return broken
}

// commit does a write. It has no limit: a write that has begun is not cancelled.
func (s *server) commit(t *world.Task, r *request, over func(t *world.Task)) targets.Reply {
	return replyTo(s.backend.do(t, call{
		kind: ledger.WriteAccess, msg: r.msg.ID, key: r.height, over: over,
		act: func(t *world.Task) error {
			if err := s.store(t, r); err != nil {
				return err
			}
			s.tell(t, r.msg)
			return nil
		},
	}, s.backend.write(t)))
}

// store changes the log.
func (s *server) store(t *world.Task, r *request) error {
	if r.op != opTruncate {
		if err := s.backend.log.Append(t, r.height, r.msg.ID); err != nil {
			return err
		}
		s.latest.Store(t, r.height)
		return nil
	}
	gone, err := s.backend.log.Truncate(t, r.height)
	if err != nil {
		return err
	}
	for _, height := range gone {
		s.record.Value(ledger.Value{Msg: r.msg.ID, Key: height, Wrote: true})
	}
	s.cache.drop(t, r.height)
	return nil
}
