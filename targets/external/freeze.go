package external

import (
	"time"

	"github.com/racebench/racebench/engine/world"
)

const (
	// stopLimit is how long processes may take to stop.
	stopLimit = time.Second
	// quietFor is for how long no further request may have come, queueLimit how long they are waited for.
	quietFor   = 50 * time.Millisecond
	queueLimit = 500 * time.Millisecond
)

// freeze stops all of the program and lets its clients go on, until each waits for an answer: what they send
// meanwhile is unread for certain when the signal comes. It returns what lets the program run on.
func (s *instance) freeze(t *world.Task) (thaw func()) {
	pids := s.p.alive()
	stop(pids)
	s.wait(t, stopLimit, func() bool { return stopped(pids) })
	most, since, began := s.requests.Load(), t.Now(), t.Now()
	for t.Now()-since < quietFor && t.Now()-began < queueLimit {
		t.Sleep(time.Millisecond)
		if n := s.requests.Load(); n != most {
			most, since = n, t.Now()
		}
	}
	return func() { resume(pids) }
}
