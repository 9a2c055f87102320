package explore

import (
	"math/rand/v2"

	"github.com/racebench/racebench/engine/schedule"
)

// pos is partial order sampling: every announced operation has a random priority, the highest runs, and
// those that race with it (the same object) draw anew. It samples partial orders far more evenly than a
// random walk (Yuan, Yang, Gu, "Partial Order Aware Concurrency Sampling", CAV 2018).
type pos struct{ rnd *rand.Rand }

func newPOS(rnd *rand.Rand, _ Hints) schedule.Strategy { return &pos{rnd} }

func (p *pos) Next(s *schedule.State) int {
	if s.Tired && s.LastRuns() {
		s.Last.Mark = 0
	}
	best, highest := 0, uint64(0)
	for i, t := range s.Runnable {
		if t.Mark == 0 {
			t.Mark = p.rnd.Uint64() | 1
		}
		if t.Mark > highest {
			best, highest = i, t.Mark
		}
	}
	chosen := s.Runnable[best]
	chosen.Mark = 0
	if chosen.Object != 0 {
		for _, t := range s.Runnable {
			if t.Object == chosen.Object {
				t.Mark = 0
			}
		}
	}
	return best
}
