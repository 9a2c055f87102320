package trial

import (
	"cmp"
	"time"

	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// awaitStrike waits until the server has been struck and says whether it was. A server that ends
// unasked is not waited for.
func (s *serving) awaitStrike(t *world.Task) bool {
	limit := s.w.NewTimer("a strike")
	limit.Idle = true
	wait := cmp.Or(s.plan.Program.Target.Traits.StrikePatience, targets.DefaultStrikePatience)
	if s.plan.Program.Target.Traits.Prepares {
		wait += s.plan.Program.Scenario.DrainLimit
	}
	limit.SetAt(s.loadBegan + s.plan.Program.Scenario.Duration + wait)
	which := t.Select(s.struck, s.ended, limit)
	if which == 2 && !s.giveUp() && !s.w.Simulated() {
		limit.SetAt(t.Now() + s.plan.startLimit())
		which = t.Select(s.struck, s.ended, limit)
	}
	return which == 0
}

// awaitDrain waits for the server's end, and gives up at the plan's limit: then what every task is parked on is
// the evidence.
func (s *serving) awaitDrain(t *world.Task) {
	limit := s.w.NewTimer("the drain's limit")
	limit.Idle = true
	for given, taken := time.Duration(-1), s.taken(); given < taken; taken = s.taken() {
		given = taken
		limit.SetAt(s.struckAt + s.plan.limit() - s.preparing + given)
		if t.Select(s.ended, limit) == 0 {
			return
		}
		if s.w.Simulated() {
			break // nobody can move any more: more time would change nothing
		}
	}
	s.recordTasks(false)
	if !s.w.Simulated() {
		s.dumpGoroutines()
	}
}

// taken is the time since the strike that the machine took and the drain is not late for: in which this process
// stood still, or in which an external program waited for a processor, up to two limits more: one that spins for
// ever waits for ever, too.
func (s *serving) taken() time.Duration {
	stalled := s.stalls.sum() - s.stalledBefore
	if p, ok := s.instance.(targets.Starver); ok {
		return max(stalled, min(p.Starved(), mostGiven*s.plan.limit()))
	}
	return stalled
}
