// Package world lends a server everything that has to do with order and time: tasks, locks, timers,
// tokens, signals and windows. A target takes them from here and from nowhere else, so that the same
// body runs on goroutines and the wall clock, and later under a scheduler of racebench's own.
//
// A World is concrete and sealed. Every blocking operation is an Awaitable and goes through
// Task.Await or Task.Select; every other visible operation announces itself with Task.Point. Nothing
// may reach around these two doors.
package world

import (
	"cmp"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"syscall"
	"time"
)

// Options say how a World is made. The zero value works: no windows armed, fixed chance, panics kept
// for Join alone.
type Options struct {
	// Stream gives the named stream of the trial's seed. Nil means one fixed seed.
	Stream func(name string) *rand.Rand
	// OnPanic is told of a task's panic before anything that waits for the task wakes up.
	OnPanic func(p Panic)
	// OnSubscribed is told when the target starts to catch signals, OnSignal when it takes one.
	OnSubscribed func()
	OnSignal     func(sig syscall.Signal)
}

// A World is what one server and its clients run in.
type World struct {
	options Options
	began   time.Time
	timers  *timers
	alarm   *alarm // of a real world
	sim     *sim   // of a simulated world

	signals *Signals // in a simulated world

	mu      guard
	tasks   map[*Task]struct{} // of a real world; a simulated one has its own list
	nextID  int
	windows map[string]*Window
}

// NewReal returns a world of goroutines, real locks and the wall clock. Its time starts now. Close
// frees the clock's thread.
func NewReal(o Options) *World {
	w := newWorld(o)
	w.tasks, w.windows = make(map[*Task]struct{}), make(map[string]*Window)
	w.alarm = newAlarm(w.timers, w.began)
	return w
}

func newWorld(o Options) *World {
	return &World{
		options: o,
		began:   time.Now(),
		timers:  &timers{},
	}
}

// Close stops the world's clock. Tasks still asleep never wake.
func (w *World) Close() {
	if w.alarm != nil {
		w.alarm.close()
	}
}

// Now returns the time since the world began. It never goes back.
func (w *World) Now() time.Duration {
	if w.sim != nil {
		w.sim.changed() // what depends on the time may be otherwise the next time
	}
	return w.now()
}

// now is Now for the world's own business.
func (w *World) now() time.Duration {
	if w.sim != nil {
		return w.sim.now
	}
	return time.Since(w.began)
}

// Waited returns how much of a simulated world's time passed while nobody could go on: what its tasks
// slept for, and no schedule could have spared. The rest is what operations cost, and timers that went
// off while somebody was about to run, as on a machine that is busy elsewhere. It is 0 in a real world.
func (w *World) Waited() time.Duration {
	if w.sim == nil {
		return 0
	}
	return w.sim.waited
}

// Simulated says whether the world is one.
func (w *World) Simulated() bool { return w.sim != nil }

// Rand returns the named stream of chance. The same name gives the same numbers in every run of a seed.
func (w *World) Rand(name string) *rand.Rand {
	if w.options.Stream == nil {
		h := fnv.New64a()
		_, _ = h.Write([]byte(name))
		return rand.New(rand.NewPCG(0, h.Sum64()))
	}
	return w.options.Stream(name)
}

// TaskState is what a living task is doing, as evidence.
type TaskState struct {
	Name   string
	Realm  Realm
	Kind   Kind          // what it waits in; KindNone while it runs
	Object string        // what it waits for
	Holder string        // the task that keeps it waiting, where one does: the lock's holder, the joined task
	Since  time.Duration // since when
	Parked bool
	// Timed says that time alone will wake it: such a task is not stuck.
	Timed bool
}

// Tasks returns the tasks that are alive, in the order they were started.
func (w *World) Tasks() []TaskState {
	if w.sim != nil {
		return w.sim.states()
	}
	w.mu.Lock()
	alive := make([]*Task, 0, len(w.tasks))
	for t := range w.tasks {
		alive = append(alive, t)
	}
	w.mu.Unlock()
	slices.SortFunc(alive, func(a, b *Task) int { return cmp.Compare(a.ID, b.ID) })
	states := make([]TaskState, len(alive))
	for i, t := range alive {
		states[i] = t.state()
	}
	return states
}

// states are those of the tasks that are alive, in the order they were started.
func (s *sim) states() []TaskState {
	if s.tearing {
		return nil // they are being unwound
	}
	states := make([]TaskState, len(s.all))
	for i, t := range s.all {
		states[i] = t.simState()
	}
	return states
}
