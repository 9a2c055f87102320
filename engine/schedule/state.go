package schedule

// A Strategy picks the next task. It is asked before every visible operation, and answers with an index into
// State.Runnable. It must depend on nothing but what it is shown and its own chance: that is what makes a schedule replay.
type Strategy interface {
	Next(s *State) int
}

// State is what a strategy decides on.
type State struct {
	// Runnable are the tasks that can go on, each with the operation that it has announced. Their order has no meaning but
	// is the same in every run of a schedule.
	Runnable []*Task
	// Last is who ran last; nil at the first decision. It is among Runnable unless it was blocked or has ended. The clock
	// is never Last: when time has moved, whoever ran before goes on by default.
	Last *Task
	// Step is how many decisions were made before.
	Step int
	// Tired says that who ran last has had the turn for long, and that others shall have theirs: it may wait for them in a
	// loop. A simulated world needs no such thing, for its steps take time.
	Tired bool
	// Yielded says that who ran last has given the turn away.
	Yielded bool
}

// LastRuns says whether who ran last could go on.
func (s *State) LastRuns() bool { return s.Last != nil && s.Last.Slot >= 0 }

// LastEnded says why State.Last is not among the runnable tasks: it has ended, or else it is blocked.
func (s *State) LastEnded() bool { return s.Last != nil && s.Last.Ended }

// Default is the choice that preempts nobody: who ran last, else the task that was started first. The clock moves only when
// nobody else can. Who is tired or has yielded makes way for the next in the ring of numbers.
func (s *State) Default() int {
	if !s.LastRuns() {
		return s.first(-1)
	}
	if s.Tired || s.Yielded {
		next := s.first(s.Last.ID)
		if s.Runnable[next].Clock || s.Runnable[next].ID <= s.Last.ID {
			next = s.first(-1) // none is above
		}
		if !s.Runnable[next].Clock {
			return next
		}
	}
	return s.Last.Slot
}

// first is the place of the lowest number above another; of the first in the list where there is none.
func (s *State) first(above int) int {
	best := -1
	for i, t := range s.Runnable {
		if t.ID > above && (best < 0 || t.ID < s.Runnable[best].ID) {
			best = i
		}
	}
	return max(best, 0)
}
