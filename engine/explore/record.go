package explore

import (
	"fmt"

	"github.com/racebench/racebench/engine/schedule"
)

// What became of the task that ran last, when the next decision is made.
const (
	Runs    = "runs"    // it could go on
	Blocked = "blocked" // it waits
	Ended   = "ended"   // it has returned; also at the start, when nobody has run
	Yields  = "yields"  // it could go on, and has given the turn away: who is chosen then preempts nobody
)

// clockPath is the path of the task that stands for time; no other task has it.
const clockPath = "clock"

// A Deviation is a decision that differs from State.Default. A schedule is the list of its deviations:
// everything else follows. The key says what was going on and not the number of the decision, so that
// it keeps its meaning when other deviations are taken away or the workload shrinks.
type Deviation struct {
	// After is the path of the task that ran last; empty at the start.
	After string
	// Ops is how many visible operations it had done.
	Ops int
	// State is Runs, Blocked, Ended or Yields.
	State string
	// Nth tells decisions of one key apart, from 0: time that moves asks again, and nobody has run.
	Nth int
	// Next is the path of the task that was chosen.
	Next string
}

// Preempts says whether the choice took the turn from a task that could go on. Moving the clock always
// does: where only the clock is left it is no deviation.
func (d Deviation) Preempts() bool { return d.State == Runs || d.Next == clockPath }

// String renders the deviation for people.
func (d Deviation) String() string {
	nth := ""
	if d.Nth > 0 {
		nth = fmt.Sprintf(" (again, %d)", d.Nth)
	}
	return fmt.Sprintf("after %d of %s, which %s%s: %s", d.Ops, d.After, d.State, nth, d.Next)
}

// moment is a deviation's key without its Nth.
type moment struct {
	after string
	ops   int
	state string
}

func stateOf(s *schedule.State) string {
	switch {
	case s.LastRuns() && s.Yielded:
		return Yields
	case s.LastRuns():
		return Runs
	case s.Last == nil || s.LastEnded():
		return Ended
	}
	return Blocked
}

// paths remembers the tasks' paths, which are put together anew at every call.
type paths map[*schedule.Task]string

func (p paths) of(t *schedule.Task) string {
	if t == nil {
		return ""
	}
	path, ok := p[t]
	if !ok {
		path = t.Path()
		p[t] = path
	}
	return path
}

// A Recorder is a strategy that notes where another one deviates from the default. It serves one
// schedule.
type Recorder struct {
	inner      schedule.Strategy
	paths      paths
	asked      map[moment]int
	deviations []Deviation
}

// Record returns a recorder of s.
func Record(s schedule.Strategy) *Recorder {
	return &Recorder{inner: s, paths: paths{}, asked: map[moment]int{}}
}

// Next implements schedule.Strategy.
func (r *Recorder) Next(s *schedule.State) int {
	at := moment{r.paths.of(s.Last), opsOf(s.Last), stateOf(s)}
	nth := r.asked[at]
	r.asked[at] = nth + 1
	usual := s.Default()
	chosen := r.inner.Next(s)
	if chosen != usual {
		r.deviations = append(r.deviations, Deviation{at.after, at.ops, at.state, nth, r.paths.of(s.Runnable[chosen])})
	}
	return chosen
}

// Deviations returns the deviations so far, in the order they were made.
func (r *Recorder) Deviations() []Deviation { return r.deviations }

func opsOf(t *schedule.Task) int {
	if t == nil {
		return 0
	}
	return t.Ops
}

// A Replayer is a strategy that follows the default except at given deviations. It serves one schedule.
type Replayer struct {
	planned map[moment][]planned
	// wanted are the operation counts that some deviation has, so that most decisions compare a number
	// and no text.
	wanted map[int]bool
	paths  paths
	asked  map[moment]int
	unused int
	missed []Deviation
}

type planned struct {
	Deviation
	used bool
}

// Replay returns a strategy that deviates from the default as told. Of two deviations with one key the
// first counts and the other is never used.
func Replay(deviations []Deviation) *Replayer {
	r := &Replayer{
		planned: map[moment][]planned{}, wanted: map[int]bool{}, paths: paths{}, asked: map[moment]int{},
		unused: len(deviations),
	}
	for _, d := range deviations {
		at := moment{d.After, d.Ops, d.State}
		r.planned[at] = append(r.planned[at], planned{Deviation: d})
		r.wanted[d.Ops] = true
	}
	return r
}

// Next implements schedule.Strategy.
func (r *Replayer) Next(s *schedule.State) int {
	ops := opsOf(s.Last)
	if !r.wanted[ops] {
		return s.Default()
	}
	at := moment{r.paths.of(s.Last), ops, stateOf(s)}
	list := r.planned[at]
	if len(list) == 0 {
		return s.Default()
	}
	nth := r.asked[at]
	r.asked[at] = nth + 1
	for i := range list {
		if d := &list[i]; d.Nth == nth && !d.used {
			d.used = true
			r.unused--
			return r.apply(d.Deviation, s)
		}
	}
	return s.Default()
}

// apply finds who was chosen among who can go on.
func (r *Replayer) apply(d Deviation, s *schedule.State) int {
	for i, t := range s.Runnable {
		if r.paths.of(t) == d.Next {
			return i
		}
	}
	r.missed = append(r.missed, d)
	return s.Default()
}

// Unused is how many deviations the schedule never came to: their key did not occur.
func (r *Replayer) Unused() int { return r.unused }

// Missed returns the deviations whose key occurred, but whose task could not go on then. The default was
// taken instead.
func (r *Replayer) Missed() []Deviation { return r.missed }
