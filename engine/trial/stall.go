package trial

import (
	"sync/atomic"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
)

// A stallWatch measures for how long the process wanted to run and did not: a suspended laptop, a paused
// machine, neighbours that took the cores. It asks to be woken all the time, and sums up how late it was.
// A drain is not late for what the machine took from it. In a simulated world it is the schedule that
// takes time, and how much is known.
type stallWatch struct {
	total     atomic.Int64 // nanoseconds
	simulated *world.World // nil in a real world
}

const (
	// stallTick is how often the watch looks. stallSlack is what a quiet machine adds to a sleep: the
	// runtime's timers alone are up to a millisecond late.
	stallTick  = 5 * time.Millisecond
	stallSlack = 2 * time.Millisecond
)

// watch runs for as long as the process does.
func (w *stallWatch) watch() {
	for {
		began := time.Now()
		time.Sleep(stallTick)
		if over := time.Since(began) - stallTick; over > stallSlack {
			w.total.Add(int64(over))
		}
	}
}

func (w *stallWatch) sum() time.Duration {
	if w.simulated != nil {
		return w.simulated.Now() - w.simulated.Waited()
	}
	return time.Duration(w.total.Load())
}

// recordStall writes down for how long the process stood still since the strike. Simulated, it matters
// only where the drain looks late.
func (s *serving) recordStall() {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Not s.struck: who strikes may be slow to say so, and the server has ended meanwhile.
	if !s.wasStruck || s.w.Simulated() && s.w.Now()-s.struckAt <= s.plan.Program.Scenario.DrainLimit {
		return
	}
	if s.stalledBefore > 0 && !s.w.Simulated() {
		s.out.Add(&ledger.Gauge{Name: s.out.Name(ledger.StallBeforeGauge), Value: int64(s.stalledBefore), At: s.w.Now()})
	}
	if stalled := s.stalls.sum() - s.stalledBefore; stalled > 0 {
		s.out.Add(&ledger.Gauge{Name: s.out.Name(ledger.StallGauge), Value: int64(stalled), At: s.w.Now()})
	}
}
