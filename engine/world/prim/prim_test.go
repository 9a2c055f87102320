package prim

import (
	"runtime"
	"sync"
	"testing"

	"github.com/racebench/racebench/engine/world"
)

// inWorld runs body as a task of a fresh world and fails the test when any task panics.
func inWorld(t testing.TB, body func(w *world.World, task *world.Task)) {
	t.Helper()
	inWorldOf(world.Options{OnPanic: func(p world.Panic) { t.Errorf("%s\n%s", p.Error(), p.Stack) }}, body)
}

func inWorldOf(o world.Options, body func(w *world.World, task *world.Task)) {
	w := world.NewReal(o)
	defer w.Close()
	ended := make(chan struct{})
	w.Go(world.Harness, "test", func(task *world.Task) {
		task.AtEnd(func(*world.Task) { close(ended) })
		body(w, task)
	})
	<-ended
}

// parked returns once the named task waits. Names are unique within a test.
func parked(w *world.World, name string) { parkedIn(w, name, "") }

// parkedIn returns once the named task waits for the named object; "" is any.
func parkedIn(w *world.World, name, object string) {
	for {
		for _, s := range w.Tasks() {
			if s.Name == name && s.Parked && (object == "" || s.Object == object) {
				return
			}
		}
		runtime.Gosched()
	}
}

// start starts a task and returns once it waits.
func start(task *world.Task, name string, body func(*world.Task)) *world.Task {
	started := task.Go(name, body)
	parked(task.World(), name)
	return started
}

// abort ends a parked task, which must not have got what it waited for.
func abort(t *testing.T, task, victim *world.Task) {
	t.Helper()
	victim.Abort(task)
	if err := task.Join(victim); err != world.ErrAborted {
		t.Errorf("%s ended with %v before it was aborted", victim.Name(), err)
	}
}

// A rival is put before another operation in a Select. It wins as soon as the select looks again, so
// that the other one is withdrawn with whatever had woken the task.
type rival struct {
	w  *world.World
	mu sync.Mutex
	on bool
}

func (r *rival) arm() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on = true
}

func (r *rival) Poll(*world.Waiter) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.on
}

func (r *rival) Withdraw(*world.Waiter) {}

func (r *rival) Waits() (world.Kind, *world.Object) { return world.KindWait, r.w.NewObject("a rival") }

// startLoser starts a task that waits for a until the rival, once armed, beats it.
func startLoser(t *testing.T, task *world.Task, name string, a world.Awaitable) (*world.Task, *rival) {
	r := &rival{w: task.World()}
	loser := start(task, name, func(task *world.Task) {
		if i := task.Select(r, a); i != 0 {
			t.Errorf("%s: select chose %d, want the rival", name, i)
		}
	})
	return loser, r
}

func want[T comparable](t testing.TB, what string, got, expected T) {
	t.Helper()
	if got != expected {
		t.Errorf("%s: got %v, want %v", what, got, expected)
	}
}
