package world

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/racebench/racebench/engine/schedule"
)

// Realm says whose task it is. A panic on the target's task is a finding; one on the harness's is our
// own failure.
type Realm uint8

// The two realms. A task is of the realm whose code started it.
const (
	Harness Realm = iota
	Target
)

// String returns "harness" or "target".
func (r Realm) String() string {
	if r == Target {
		return "target"
	}
	return "harness"
}

// ErrAborted is what Join returns for a task that was aborted before its body returned.
var ErrAborted = errors.New("aborted")

// A Panic is a panic that ended a task. It is what Join returns for that task.
type Panic struct {
	Task  string
	Realm Realm
	Value string
	Stack string
}

// Error says which task panicked and with what.
func (p *Panic) Error() string { return fmt.Sprintf("task %s panicked: %s", p.Task, p.Value) }

// A Task is one thread of control of the world, as a goroutine or as a coroutine of the simulation. Its
// methods are for the task itself unless they say otherwise.
type Task struct {
	// What a simulated world looks at in every step comes first: it is one line of the processor's cache.
	schedule.Task
	w             *World
	announced     *Object    // in a simulated world
	at            *coroutine // where its goroutine waits for its turn
	parked, woken bool
	timed         bool // it is parked, and time alone will wake it
	unwinding     bool

	name   string
	parent *Task
	realm  Realm

	wake    chan struct{}
	word    atomic.Uint32 // running, notified, or parked in what
	waitFor atomic.Pointer[Object]
	since   atomic.Int64

	// blame is whose code the task runs: a server's call on a client's task is the server's.
	blame Realm

	sleep *Timer
	solo  Waiter    // Await's; a task waits in one place at a time
	group [4]Waiter // Select's, where it fits

	body  func(t *Task) // in a simulated world
	place uint64        // where it is parked, in a world with periodic timers

	aborted atomic.Bool
	atEnd   []func(t *Task)

	mu      guard
	done    bool
	err     error
	joiners WaitList
	object  *Object
}

// unwind is what an aborted task's stack is unwound with. Only the task wrapper recovers it.
type unwind struct{}

// Go starts a root task of the given realm. Names are for people and need not be unique, but should be.
func (w *World) Go(realm Realm, name string, body func(t *Task)) *Task {
	return w.start(nil, realm, name, body)
}

// Go starts a task of the realm whose code t runs.
func (t *Task) Go(name string, body func(t *Task)) *Task {
	t.Point(KindStart, nil)
	return t.w.start(t, t.blame, name, body)
}

// newTask enters a task into the world's books.
func (w *World) newTask(parent *Task, realm Realm, name string) *Task {
	t := take(w, func(m *memory) *slab[Task] { return &m.tasks })
	t.Owner = (*owner)(t)
	if parent != nil {
		t.Parent = &parent.Task
	}
	t.w, t.name, t.parent, t.realm, t.blame, t.mu = w, name, parent, realm, realm, w.newGuard()
	t.object = w.NewObject(name)
	t.object.holder.Store(t)
	w.mu.Lock()
	w.nextID++
	t.ID = w.nextID
	if w.sim == nil {
		w.tasks[t] = struct{}{}
	}
	w.mu.Unlock()
	return t
}

func (w *World) start(parent *Task, realm Realm, name string, body func(t *Task)) *Task {
	t := w.newTask(parent, realm, name)
	if w.sim != nil {
		w.sim.started = append(w.sim.started, t)
		t.body = body
		w.sim.start(t)
		return t
	}
	t.wake = make(chan struct{}, 1)
	go t.run(body)
	return t
}

// begin runs the body of a simulated task, on the coroutine that calls it.
func (t *Task) begin() {
	t.Begun = true
	t.run(t.body)
}

func (t *Task) run(body func(t *Task)) {
	err := t.call(body)
	if len(t.atEnd) > 0 {
		// Guarded too: a world that is halted or over may unwind the task in there.
		if ended := t.call(t.runAtEnd); err == nil {
			err = ended
		}
	}
	if t.w.sim != nil {
		defer t.w.sim.ended(t)
	}
	// Both at once: no look at the world's tasks may find a joiner parked whose task is gone.
	t.w.mu.Lock()
	defer t.w.mu.Unlock()
	delete(t.w.tasks, t)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done, t.err = true, err
	t.joiners.WakeAll()
}

func (t *Task) runAtEnd(*Task) {
	for _, f := range slices.Backward(t.atEnd) {
		f(t)
	}
}

// call is the only place that recovers: a target that swallowed the unwinding would go on running.
func (t *Task) call(body func(t *Task)) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case unwind:
			err = ErrAborted
		default:
			p := Panic{Task: t.name, Realm: t.blame, Value: fmt.Sprint(v), Stack: string(debug.Stack())}
			if t.w.options.OnPanic != nil {
				t.w.options.OnPanic(p)
			}
			err = &p
		}
	}()
	body(t)
	return nil
}

// AtEnd has f called once the body has returned, panicked or unwound: after OnPanic, which a deferred
// call would come before, and before joiners wake up. The last f is called first. It must not block.
func (t *Task) AtEnd(f func(t *Task)) { t.atEnd = append(t.atEnd, f) }

// World returns the world the task lives in.
func (t *Task) World() *World { return t.w }

// Name returns the task's name.
func (t *Task) Name() string { return t.name }

// Path returns the names from the root task to this one, joined by dots: an id that survives a smaller
// workload. Of several with one name under one parent, all but the first carry their number.
func (t *Task) Path() string {
	name := t.name
	if t.w.sim != nil {
		if twins := t.w.sim.twins(t); twins > 0 {
			name = fmt.Sprintf("%s#%d", name, twins+1)
		}
	}
	if t.parent == nil {
		return name
	}
	return t.parent.Path() + "." + name
}

// Now returns the world's time.
func (t *Task) Now() time.Duration { return t.w.Now() }

// Point announces a visible operation on an object, before it happens. In the simulated world the
// scheduler may switch here; on goroutines the machine may switch anywhere, so nothing is left to do.
func (t *Task) Point(kind Kind, obj *Object) {
	if t.w.sim != nil {
		t.w.sim.point(t, kind, obj)
	}
}

// Abort asks the task to stop at its next await point, as tokio's abort does: a body that never waits
// again runs to its end, and an ended task is left alone. Any task may call it.
func (t *Task) Abort(by *Task) {
	by.Point(KindCancel, t.object)
	t.aborted.Store(true)
	t.unpark()
}

// Join waits until other has ended and returns nil, ErrAborted or its *Panic.
func (t *Task) Join(other *Task) error {
	t.Await(other)
	other.mu.Lock()
	defer other.mu.Unlock()
	return other.err
}

// Ended says whether the task's body has returned. Any task may ask.
func (t *Task) Ended() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.done
}

// Poll implements Awaitable: a task is awaited until it has ended.
func (t *Task) Poll(w *Waiter) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done {
		return true
	}
	t.joiners.Push(w)
	return false
}

// Withdraw implements Awaitable.
func (t *Task) Withdraw(w *Waiter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.joiners.Remove(w)
}

// Waits implements Awaitable.
func (t *Task) Waits() (Kind, *Object) { return KindJoin, t.object }

// park blocks until unpark, which may have come before. Timed says that time alone will wake the task. It returns at once when the task is aborted.
func (t *Task) park(kind Kind, obj *Object, timed bool) {
	if t.aborted.Load() {
		return
	}
	if t.w.sim != nil {
		t.w.sim.park(t, kind, obj, timed)
		return
	}
	t.since.Store(int64(t.w.now()))
	t.waitFor.Store(obj)
	word := parked | uint32(kind)<<1
	if timed {
		word |= timedBit
	}
	if t.word.CompareAndSwap(running, word) {
		<-t.wake
	}
	t.word.Store(running)
}

// A task's word. It is one atomic, so that no look can find a task parked that is not: the waker takes
// the word away before it wakes, and the task itself sets it to running once it is.
const (
	running  uint32 = 0
	notified uint32 = 1 << 30 // a wake-up is under way, or came before the task parked
	parked   uint32 = 1 << 31 // with the Kind in the bits from 1 on
	timedBit uint32 = 1       // time alone will wake it
)

// unpark wakes the task, or keeps it from parking the next time.
func (t *Task) unpark() {
	if t.w.sim != nil {
		t.w.sim.unpark(t)
		return
	}
	if t.word.Swap(notified)&parked != 0 {
		t.wake <- struct{}{}
	}
}

// Changed says that the task has changed something that others decide by and no visible operation shows:
// see Timer.Periodic.
func (t *Task) Changed() { t.w.changed() }

func (w *World) changed() {
	if w.sim != nil {
		w.sim.changed()
	}
}

// As runs f as code of another realm on this task: a panic in it is told as that realm's.
func (t *Task) As(realm Realm, f func()) {
	before := t.blame
	t.blame = realm
	f()
	t.blame = before // not deferred: a panic is told as of whoever caused it
}

// Moving counts the other tasks of the realm that are on their way: they run, or time or what is outside the world will
// wake them. Where it is none, nothing that the realm does by itself happens any more. A task that only beats time is not
// on its way, and neither are those that the caller leaves out because they wait for what it waits for. A simulated world
// counts none: who could go on there is the schedule's to say.
func (t *Task) Moving(leftOut ...*Task) int64 {
	if t.w.sim != nil {
		return 0
	}
	t.w.mu.Lock()
	defer t.w.mu.Unlock()
	var moving int64
	for other := range t.w.tasks {
		if other == t || other.realm != t.realm || slices.Contains(leftOut, other) {
			continue
		}
		if s := other.state(); !s.Parked || s.Timed || s.Kind == KindBlocking {
			moving++
		}
	}
	return moving
}

// State says what the task is doing. Of a task that a simulated world left behind at its end, it says what
// the task was doing then. Any task may ask.
func (t *Task) State() TaskState { return t.state() }

func (t *Task) state() TaskState {
	if t.w.sim != nil {
		return t.simState()
	}
	s := TaskState{Name: t.name, Realm: t.realm}
	// What it waits for is read between two looks at the word, so that they belong together.
	for word := t.word.Load(); word&parked != 0; {
		obj, since := t.waitFor.Load(), t.since.Load()
		again := t.word.Load()
		if again == word {
			s.Kind, s.Parked, s.Timed = Kind(word&^(parked|timedBit)>>1), true, word&timedBit != 0
			s.Object, s.Holder, s.Since = obj.Name(), obj.heldBy(), time.Duration(since)
			break
		}
		word = again
	}
	return s
}

func (t *Task) simState() TaskState {
	s := TaskState{Name: t.name, Realm: t.realm}
	if t.parked {
		s.Kind, s.Parked, s.Timed, s.Since = t.Kind, true, t.timed && !t.w.sim.rhythm.isHung(), time.Duration(t.since.Load())
		s.Object, s.Holder = t.announced.Name(), t.announced.heldBy()
	}
	return s
}
