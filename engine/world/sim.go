package world

import (
	"container/heap"
	"slices"
	"time"

	"github.com/racebench/racebench/engine/schedule"
)

// clockID is the clock's number: the last of all, so that nobody is preempted by time by default.
const clockID = 1 << 30

// opCost is the virtual time that a visible operation takes, so that a task that only polls makes time
// pass and a server's sleeps come to an end.
const opCost = 100 * time.Nanosecond

// DefaultMaxSteps bounds a simulated trial that says nothing else.
const DefaultMaxSteps = 20_000

// An Ending is why a simulated world stopped.
type Ending uint8

// The endings.
const (
	Finished   Ending = iota + 1 // the first task returned
	Deadlock                     // nobody can ever move again
	OutOfSteps                   // the step budget was spent: nothing is known
	Halted                       // a task stopped the world, as a crash does
)

// SimOptions say how a World is simulated.
type SimOptions struct {
	Options
	Strategy Strategy
	MaxSteps int   // 0 is DefaultMaxSteps
	Pool     *Pool // of the goroutine that runs the world; nil is one of the world's own
	// OnStep is told of every visible operation as it is done; nil is silence.
	OnStep func(s Step)
}

// A Step is one visible operation of a simulated world.
type Step struct {
	Decision int // how many decisions were made before it
	Task     *Task
	Kind     Kind
	Object   *Object
	// Resumed says that the operation had blocked the task, and it goes on in it.
	Resumed bool
	// Arms are a select's operations and Arm the place of the one that has completed; -1 while none has. The
	// hash does not depend on them: what was announced is the select.
	Arms []Awaitable
	Arm  int
	Hash uint64 // of the trace up to and including it
	Time time.Duration
}

// SimResult is how a simulated world ended.
type SimResult struct {
	Ending Ending
	Steps  int
	// Hash is of every visible operation in order: two runs of one schedule have the same.
	Hash uint64
	// Time is the virtual time that passed.
	Time time.Duration
}

// sim is the scheduler of a simulated world. Tasks are coroutines, one runs at a time, and decisions
// are taken inline in the running task: most steps switch nowhere.
type sim struct {
	w        *World
	strategy Strategy
	pool     *Pool
	state    State
	max      int
	now      time.Duration
	waited   time.Duration // of now: what passed while nobody could go on
	hash     uint64
	ending   Ending
	current  *Task      // whose turn it is; nil is Simulate's
	home     *coroutine // where Simulate waits
	clock    *Task
	objects  uint32
	all      []*Task // started and not ended
	tearing  bool
	onStep   func(Step)
	untold   Step // a select, until it is known which operation has completed
	rhythm   rhythm
	started  []*Task // in the order they were, the clock among them
	memory   *memory
}

// NewSim returns a simulated world. Simulate runs it.
func NewSim(o SimOptions) *World {
	w := newWorld(o.Options)
	w.timers.simulated, w.timers.mu.off, w.mu.off = true, true, true
	w.sim = &sim{w: w, strategy: o.Strategy, pool: o.Pool, max: o.MaxSteps, onStep: o.OnStep, hash: fnvBasis}
	w.timers.rhythm = &w.sim.rhythm
	if w.sim.max == 0 {
		w.sim.max = DefaultMaxSteps
	}
	if w.sim.pool == nil {
		w.sim.pool = &Pool{}
	}
	w.sim.pool.lend(w)
	clock := w.sim.memory.tasks.take()
	clock.Task = schedule.Task{ID: clockID, Slot: -1, Kind: KindSleep, Clock: true, Owner: (*owner)(clock)}
	clock.w, clock.name = w, "clock"
	w.sim.clock = clock
	w.sim.started = append(w.sim.started, w.sim.clock) // so that no other path is the clock's
	return w
}

// Simulate runs body as the world's first task, on the harness's side, until it returns, nobody can
// move, or the steps are spent. Tasks that are still alive then are unwound: no coroutine is left
// behind. A world is simulated once.
func (w *World) Simulate(name string, body func(t *Task)) SimResult {
	s := w.sim
	first := w.Go(Harness, name, body)
	first.AtEnd(func(*Task) {
		if s.ending == 0 {
			s.ending = Finished
		}
	})
	if s.choose(nil) != nil {
		s.leave(&s.home)
	}
	s.tearDown()
	s.pool.takeBack(s)
	return SimResult{Ending: s.ending, Steps: s.state.Step, Hash: s.hash, Time: s.now}
}

// tearDown unwinds every task that has begun and not ended. World operations do nothing meanwhile.
func (s *sim) tearDown() {
	s.tearing = true
	for _, t := range s.all {
		if t.Begun {
			s.current = t
			s.leave(&s.home)
		}
	}
}

// start makes a task runnable.
func (s *sim) start(t *Task) {
	t.Slot = -1
	t.announce(KindStart, t.object)
	if s.tearing {
		return
	}
	s.changed()
	s.all = append(s.all, t)
	s.ready(t)
}

// ended takes a task out that has returned, and hands over.
func (s *sim) ended(t *Task) {
	t.Task.Ended = true
	if s.tearing {
		s.current = nil
		return
	}
	for i, o := range s.all {
		if o == t {
			s.all = append(s.all[:i], s.all[i+1:]...)
			break
		}
	}
	s.changed()
	s.block(t)
	s.choose(t)
}

// twins counts the tasks of t's parent that were started before t under its name. Only paths are told by it, so
// nobody counts while the schedule runs.
func (s *sim) twins(t *Task) int {
	n := 0
	for _, o := range s.started {
		if o == t {
			break
		}
		if o.parent == t.parent && o.name == t.name {
			n++
		}
	}
	return n
}

// ready puts a task among those that can go on.
func (s *sim) ready(t *Task) {
	if t.Slot < 0 {
		t.Slot = len(s.state.Runnable)
		s.state.Runnable = append(s.state.Runnable, &t.Task)
	}
}

// block takes a task from among those that can go on.
func (s *sim) block(t *Task) {
	r := s.state.Runnable
	if t.Slot < 0 {
		return
	}
	last := len(r) - 1
	r[t.Slot] = r[last]
	r[t.Slot].Slot = t.Slot
	r[last] = nil
	s.state.Runnable = r[:last]
	t.Slot = -1
}

// point is where t may be preempted, before the operation it announces.
func (s *sim) point(t *Task, kind Kind, obj *Object) {
	if s.tearing || t.unwinding {
		return
	}
	t.announce(kind, obj)
	s.now += opCost
	if changes(kind) && !(kind == KindStore && obj.tells) {
		s.changed()
	}
	if s.choose(t) != t && s.leave(&t.at) {
		t.unwind()
	}
	s.note(t, kind, obj, false)
}

// choose gives the turn to whom the strategy says, after t, and returns that one: nil when the world has come to
// its end, and it is Simulate's turn.
func (s *sim) choose(t *Task) *Task {
	s.current = nil
	if s.ending == 0 {
		s.current = s.decide(t)
	}
	return s.current
}

// decide asks the strategy who goes on after t. Time that is chosen moves at once, and the strategy is
// asked again: it has interrupted nobody. It returns nil when the world has come to its end.
func (s *sim) decide(t *Task) *Task {
	if t != nil {
		s.state.Last = &t.Task
	}
	limit := false // one has just passed
	for {
		s.watchClock(limit)
		limit = false
		if len(s.state.Runnable) == 0 || s.rhythm.on && s.clockAlone() && s.atRest() {
			if limit = s.fireIdle(); limit {
				continue
			}
			s.ending = Deadlock
			return nil
		}
		if s.state.Step >= s.max {
			s.ending = OutOfSteps
			return nil
		}
		i := 0
		if len(s.state.Runnable) > 1 {
			i = s.strategy.Next(&s.state)
		}
		s.state.Step++
		if next := s.state.Runnable[i]; !next.Clock {
			return taskOf(next)
		}
		s.passTime()
		s.note(s.clock, KindSleep, nil, false)
	}
}

// watchClock makes time a choice while a timer is armed. In a world that beats time it is none while nothing
// has changed for long, nor before the harness has seen that one of its limits has passed.
func (s *sim) watchClock(limit bool) {
	if len(s.w.timers.pending) > 0 && (!s.rhythm.on || s.nobodyElse() || !limit && !s.calm()) {
		s.ready(s.clock)
	} else {
		s.block(s.clock)
	}
}

// fire fires a timer. Virtual time never goes back: a timer may come late. Alone says that nobody could go
// on but the clock.
func (s *sim) fire(t *Timer, alone bool) {
	heap.Remove(s.w.timers.heapOf(t), t.index)
	if alone {
		s.waited += max(0, t.at-s.now)
	}
	t.ticks[0].fired, t.ticks[1].fired = true, true
	s.now = max(s.now, t.at)
	t.fire()
}

// passTime fires the timer whose turn it is.
func (s *sim) passTime() {
	next, alone := s.next(), s.clockAlone()
	if alone {
		for _, t := range s.w.timers.idle {
			if t.Timely && t.at < next.at {
				next = t
			}
		}
	}
	s.fire(next, alone)
}

// fireIdle lets a limit pass, once nothing else can move.
func (s *sim) fireIdle() bool {
	if len(s.w.timers.idle) == 0 {
		return false
	}
	s.fire(s.w.timers.idle[0], true)
	return true
}

// park blocks t until a wake-up, which may have come before.
func (s *sim) park(t *Task, kind Kind, obj *Object, timed bool) {
	if s.tearing || t.unwinding {
		return
	}
	if t.woken {
		t.woken = false
		return
	}
	t.announce(kind, obj)
	t.parked, t.timed = true, timed
	t.since.Store(int64(s.now))
	if s.rhythm.on {
		t.place = place()
	}
	s.block(t)
	if s.choose(t) != t && s.leave(&t.at) {
		t.unwind()
	}
	t.parked, t.woken = false, false
	s.note(t, kind, obj, true)
}

// unpark wakes t.
func (s *sim) unpark(t *Task) {
	if s.tearing || t.Task.Ended {
		return
	}
	if !t.parked {
		t.woken = true
		return
	}
	t.parked = false
	s.ready(t)
}

// The trace's hash is FNV-1a over words.
const (
	fnvBasis = 14695981039346656037
	fnvPrime = 1099511628211
)

func mix(h, word uint64) uint64 { return (h ^ word) * fnvPrime }

// note mixes an operation into the trace's hash.
func (s *sim) note(t *Task, kind Kind, obj *Object, resumed bool) {
	h := mix(mix(s.hash, uint64(t.ID)), uint64(kind))
	if obj != nil {
		h = mix(h, uint64(obj.id))
	}
	s.hash = h
	t.Ops++
	if s.onStep != nil {
		step := Step{Decision: s.state.Step, Task: t, Kind: kind, Object: obj, Resumed: resumed, Hash: h, Time: s.now}
		if kind == KindSelect {
			s.untold = step
			return
		}
		s.onStep(step)
	}
}

// tellSelect tells of the select that was noted last, once it is known what it came to. Nobody else has run
// since.
func (s *sim) tellSelect(as []Awaitable, arm int) {
	if s.rhythm.on && arm >= 0 {
		if kind, _ := as[arm].Waits(); changes(kind) {
			s.changed()
		}
	}
	if step := s.untold; step.Task != nil {
		s.untold = Step{}
		step.Arms, step.Arm = slices.Clone(as), arm // a clone, or every select would allocate
		s.onStep(step)
	}
}
