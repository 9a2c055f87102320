package explore

import "github.com/racebench/racebench/engine/world"

// bounded is a strategy that goes through every schedule with at most so many preemptions, one after
// the other, depth first and the default first (Musuvathi, Qadeer, "Iterative Context Bounding for
// Systematic Testing of Multithreaded Programs", PLDI 2007). Most bugs need one or two preemptions.
//
// A preemption is a choice that takes the turn from a task that could go on. Moving the clock is one
// whenever anybody could go on instead, or every timer would be free to fire before anything happens.
// Where nobody is preempted, every task that can go on is tried.
//
// A task that was just chosen for the first time always does its first operation: to turn away before
// it is the same as not having chosen it.
type bounded struct {
	bound int
	stack []frame
	depth int // decisions of this schedule that are on the stack
	spent int // preemptions of this schedule
	begun bool
	// diverged says that a schedule did not repeat what an earlier one with the same choices did: something
	// in the program depends on more than the schedule, and the search has stopped.
	diverged bool
}

// A frame is one decision of the schedule, with what was tried there.
type frame struct {
	choices int
	usual   int
	tried   int // 0 is the usual choice, then the others in order
	clock   int // which choice is the clock; -1 when it is none
	runs    bool
	before  int // preemptions spent before it
}

// more says whether there is a schedule left, and makes b play it. It is called before each one.
func (b *bounded) more() bool {
	b.depth, b.spent = 0, 0
	if !b.begun {
		b.begun = true
		return true
	}
	for !b.diverged && len(b.stack) > 0 {
		top := &b.stack[len(b.stack)-1]
		for top.tried++; top.tried < top.choices; top.tried++ {
			if top.before+top.cost() <= b.bound {
				return true
			}
		}
		b.stack = b.stack[:len(b.stack)-1]
	}
	return false
}

// Next implements world.Strategy.
func (b *bounded) Next(s *world.State) int {
	usual := s.Default()
	if b.diverged || s.LastRuns() && s.Last.Ops == 0 {
		return usual
	}
	if b.depth == len(b.stack) {
		f := frame{choices: len(s.Runnable), usual: usual, clock: -1, runs: s.LastRuns(), before: b.spent}
		for i, t := range s.Runnable {
			if t.Clock {
				f.clock = i
			}
		}
		b.stack = append(b.stack, f)
	}
	f := &b.stack[b.depth]
	if f.choices != len(s.Runnable) || f.usual != usual || f.runs != s.LastRuns() {
		b.diverged = true
		return usual
	}
	b.depth++
	b.spent += f.cost()
	return f.choice()
}

// choice is the place of what is tried among the runnable tasks.
func (f *frame) choice() int {
	switch {
	case f.tried == 0:
		return f.usual
	case f.tried <= f.usual:
		return f.tried - 1
	}
	return f.tried
}

// cost is 1 when what is tried is a preemption.
func (f *frame) cost() int {
	if f.tried > 0 && (f.runs || f.choice() == f.clock) {
		return 1
	}
	return 0
}

// Exhaust runs every schedule with at most so many preemptions, until run says stop or there were
// maxSchedules of them; 0 is no limit. It returns how many were run, and whether these were all there
// are: if none of them failed, no schedule with that many preemptions fails. A schedule that run cut
// short, because its steps were spent, is run's to reckon with. A program that does not repeat itself ends
// the search incomplete.
func Exhaust(run func(s world.Strategy) (stop bool), preemptions, maxSchedules int) (schedules int, complete bool) {
	b := &bounded{bound: preemptions}
	for b.more() {
		if maxSchedules > 0 && schedules == maxSchedules {
			return schedules, false
		}
		schedules++
		if run(b) {
			return schedules, false
		}
	}
	return schedules, !b.diverged
}
