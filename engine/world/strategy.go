package world

// A Strategy picks the next task of a simulated world. It is asked before every visible operation, and
// answers with an index into State.Runnable. It must depend on nothing but what it is shown and its own
// chance: that is what makes a schedule replay.
type Strategy interface {
	Next(s *State) int
}

// State is what a strategy decides on.
type State struct {
	// Runnable are the tasks that can go on, each with the operation that it has announced. Their order
	// has no meaning but is the same in every run of a schedule.
	Runnable []*Task
	// Last is who ran last; nil at the first decision. It is among Runnable unless it was blocked or
	// has ended. The clock is never Last: when time has moved, whoever ran before goes on by default.
	Last *Task
	// Step is how many decisions were made before.
	Step int
}

// LastRuns says whether who ran last could go on: any other choice preempts it.
func (s *State) LastRuns() bool { return s.Last != nil && s.Last.slot >= 0 }

// Default is the choice that preempts nobody: who ran last, else the task that was started first. The
// clock moves only when nobody else can.
func (s *State) Default() int {
	if s.LastRuns() {
		return s.Last.slot
	}
	best := 0
	for i, t := range s.Runnable {
		if t.id < s.Runnable[best].id {
			best = i
		}
	}
	return best
}

// Announced returns the operation that the task will do when it is chosen, and on what.
func (t *Task) Announced() (Kind, *Object) { return t.kind, t.announced }

// ID is the task's number: tasks are numbered from 1 in the order they are started. The clock has the
// highest number of all.
func (t *Task) ID() int { return t.id }

// IsClock says whether the task stands for time: choosing it fires the earliest timer.
func (t *Task) IsClock() bool { return t.id == clockID }

// Ops is how many visible operations the task has done.
func (t *Task) Ops() int { return t.ops }

// Parent returns the task that started this one; nil for a root task and the clock.
func (t *Task) Parent() *Task { return t.parent }

// Fresh says whether the task has not begun: it announces its start, and its first operation only once
// it has been chosen and come to it.
func (t *Task) Fresh() bool { return !t.begun && t.id != clockID }

// LastEnded says why State.Last is not among the runnable tasks: it has ended, or else it is blocked.
func (s *State) LastEnded() bool { return s.Last != nil && s.Last.ended }
