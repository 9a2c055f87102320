package explore

import (
	"math/rand/v2"

	"github.com/racebench/racebench/engine/schedule"
)

// pct is probabilistic concurrency testing: the runnable task with the highest random priority runs, and
// at depth-1 random steps the one that would run falls to the bottom. A bug of depth d among n tasks and
// k steps is found with a chance of at least 1/(n·k^(d-1)) a schedule (Burckhardt, Kothari, Musuvathi,
// Nagarakatte, "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", ASPLOS 2010).
//
// The clock is a task like any other, with one difference: it draws a new priority whenever it has moved,
// or time would run away from tasks that have work to do.
type pct struct {
	rnd *rand.Rand
	// changes are the steps at which a priority falls, each with its own low one: its place here, from 1.
	// The order of the steps is another one, and a bug may need that.
	changes []change
	tired   uint64 // how many were tired so far
}

type change struct {
	at   int
	done bool
}

// drawn is below every priority that is drawn.
const drawn = 1 << 32

// changed is below every changed priority, and above every tired one.
const changed = 1 << 31

func pctOfDepth(depth int) func(rnd *rand.Rand, h Hints) schedule.Strategy {
	return func(rnd *rand.Rand, h Hints) schedule.Strategy {
		p := &pct{rnd: rnd, changes: make([]change, depth-1)}
		for i := range p.changes {
			p.changes[i].at = rnd.IntN(h.steps())
		}
		return p
	}
}

func (p *pct) Next(s *schedule.State) int {
	if s.Tired && s.LastRuns() {
		p.tired++
		s.Last.Mark = changed - p.tired // each below all before it: they take turns
	}
	best := p.highest(s)
	for i := range p.changes {
		// A step at which nobody could be preempted was not asked about: its change is made at the next.
		if c := &p.changes[i]; !c.done && s.Step >= c.at {
			c.done = true
			s.Runnable[best].Mark = changed + uint64(i)
			best = p.highest(s)
		}
	}
	if t := s.Runnable[best]; t.Clock {
		t.Mark = p.draw()
	}
	return best
}

func (p *pct) draw() uint64 { return drawn + uint64(p.rnd.Uint32()) }

func (p *pct) highest(s *schedule.State) int {
	best := 0
	for i, t := range s.Runnable {
		if t.Mark == 0 {
			t.Mark = p.draw()
		}
		if t.Mark > s.Runnable[best].Mark {
			best = i
		}
	}
	return best
}
