package explore

import (
	"math/rand/v2"

	"github.com/racebench/racebench/engine/schedule"
)

// urw is the uniform random walk: who goes on is drawn in proportion to the operations that each task
// has yet to do, those of tasks that it has yet to start among them. Where tasks never wait for each
// other and the hints are exact, every interleaving is as likely as any other; a plain random walk
// prefers those in which short tasks end late (the URW of Zhao, Wolff, Mathur, Roychoudhury, "Selectively
// Uniform Concurrency Testing", ASPLOS 2025). Without hints it is the plain random walk.
//
// A task that has just been started first runs up to its first operation: nobody can see when it does,
// and until then it has announced nothing to draw among.
type urw struct {
	rnd    *rand.Rand
	events map[string]int
	// left has what each task seen so far has yet to do beyond its own count of operations; a task's Mark
	// is its place here, from 1.
	left []int
}

func newURW(rnd *rand.Rand, h Hints) schedule.Strategy { return &urw{rnd: rnd, events: h.Events} }

func (u *urw) Next(s *schedule.State) int {
	sum := 0
	for i, t := range s.Runnable {
		if t.Mark == 0 {
			u.meet(t)
		}
		if t.Fresh() {
			return i
		}
		sum += u.weight(t)
	}
	draw := u.rnd.IntN(sum)
	for i, t := range s.Runnable {
		if draw -= u.weight(t); draw < 0 {
			return i
		}
	}
	return len(s.Runnable) - 1 // not reached: the weights add up
}

// weight is at least 1, for a hint can be too low.
func (u *urw) weight(t *schedule.Task) int { return max(1, u.left[t.Mark-1]-t.Ops) }

// meet notes a new task. What it will do, its parent need not be credited for any longer.
func (u *urw) meet(t *schedule.Task) {
	parent := t.Parent
	if parent != nil && parent.Mark == 0 {
		u.meet(parent)
	}
	u.left = append(u.left, u.events[t.Path()])
	t.Mark = uint64(len(u.left))
	if parent != nil {
		u.left[parent.Mark-1] -= u.left[t.Mark-1]
	}
}
