package world

import (
	"runtime"
	"sync/atomic"
	"testing"
)

// inWorld runs body as a task of a fresh world and fails the test when any task panics.
func inWorld(t *testing.T, body func(w *World, task *Task)) {
	t.Helper()
	inWorldOf(Options{OnPanic: func(p Panic) { t.Errorf("%s\n%s", p.Error(), p.Stack) }}, body)
}

func inWorldOf(o Options, body func(w *World, task *Task)) {
	w := NewReal(o)
	defer w.Close()
	ended := make(chan struct{})
	w.Go(Harness, "test", func(task *Task) {
		task.AtEnd(func(*Task) { close(ended) })
		body(w, task)
	})
	<-ended
}

// start starts a task and returns once it waits. Names are unique within a test.
func start(task *Task, name string, body func(*Task)) *Task {
	started := task.Go(name, body)
	for !started.state().Parked {
		runtime.Gosched()
	}
	return started
}

func want[T comparable](t *testing.T, what string, got, expected T) {
	t.Helper()
	if got != expected {
		t.Errorf("%s: got %v, want %v", what, got, expected)
	}
}

// A gate is an Awaitable that nobody wakes for: it completes when the task looks again after open.
type gate struct{ open atomic.Bool }

func (g *gate) Poll(*Waiter) bool      { return g.open.Load() }
func (g *gate) Withdraw(*Waiter)       {}
func (g *gate) Waits() (Kind, *Object) { return KindWait, nil }

func TestTasksAreListedInOrderOfTheirStart(t *testing.T) {
	inWorld(t, func(w *World, task *Task) {
		k := w.NewToken("the end")
		m := w.NewMutex("the lock")
		m.Lock(task)
		b := start(task, "b", func(task *Task) { task.Await(k) })
		a := start(task, "a", func(task *Task) { m.Lock(task) })
		root := w.Go(Target, "root", func(task *Task) {
			child := start(task, "child", func(task *Task) { task.Select(m, k) })
			_ = task.Join(child)
		})
		for !root.state().Parked {
			runtime.Gosched()
		}
		expected := []TaskState{
			{Name: "test"},
			{Name: "b", Kind: KindWait, Object: "the end", Parked: true},
			{Name: "a", Kind: KindLock, Object: "the lock", Holder: "test", Parked: true},
			{Name: "root", Realm: Target, Kind: KindJoin, Object: "child", Holder: "child", Parked: true},
			{Name: "child", Realm: Target, Kind: KindSelect, Object: "the end", Parked: true},
		}
		states := w.Tasks()
		if len(states) != len(expected) {
			t.Errorf("got %v", states)
			return
		}
		for i, s := range states {
			if s.Parked && (s.Since <= 0 || s.Since > w.Now()) {
				t.Errorf("%s parked since %v", s.Name, s.Since)
			}
			s.Since = 0
			want(t, "state", s, expected[i])
		}
		k.Cancel(task)
		_, _ = task.Join(b), task.Join(root)
		m.Unlock(task)
		_ = task.Join(a)
		want(t, "alive", len(w.Tasks()), 1)
	})
}

func TestPathsAndRealms(t *testing.T) {
	inWorld(t, func(w *World, task *Task) {
		root := w.Go(Target, "root", func(task *Task) {
			_ = task.Join(task.Go("child", func(task *Task) {
				want(t, "path", task.Path(), "root.child")
				want(t, "name", task.Name(), "child")
				want(t, "realm", task.state().Realm, Target)
				want(t, "world", task.World(), w)
			}))
		})
		_ = task.Join(root)
		want(t, "harness", Harness.String(), "harness")
		want(t, "target", Target.String(), "target")
	})
}

func TestRandStreams(t *testing.T) {
	w := NewReal(Options{})
	defer w.Close()
	want(t, "the same name", w.Rand("load/1").Uint64(), w.Rand("load/1").Uint64())
	if w.Rand("load/1").Uint64() == w.Rand("load/2").Uint64() {
		t.Error("two names gave the same numbers")
	}
}

func TestNoObjectHasNoName(t *testing.T) {
	want(t, "no object", (*Object)(nil).Name(), "")
}

func TestWindows(t *testing.T) {
	inWorld(t, func(w *World, task *Task) {
		visits := 0
		w.Arm("armed", func(*Task) { visits++ })
		win := w.Window("armed")
		want(t, "the same window", w.Window("armed"), win)
		want(t, "name", win.Name(), "armed")
		victim := start(task, "victim", func(task *Task) {
			win.Pass(task)
			w.Window("unarmed").Pass(task)
			defer win.Pass(task) // an unwinding task is in no window
			task.Await(w.NewToken("never"))
		})
		victim.Abort(task)
		want(t, "join", task.Join(victim), ErrAborted)
		want(t, "visits", visits, 1)
	})
}

func TestAtomic(t *testing.T) {
	inWorld(t, func(w *World, task *Task) {
		a := w.NewAtomic("a", 5)
		want(t, "add", a.Add(task, 2), 7)
		want(t, "swap of another value", a.CompareAndSwap(task, 5, 1), false)
		want(t, "swap", a.CompareAndSwap(task, 7, 1), true)
		a.Store(task, a.Load(task)+1)
		want(t, "load", a.Load(task), 2)
		v, ok := a.object.Value()
		want(t, "value", v, 2)
		want(t, "value is known", ok, true)
		_, ok = task.w.NewMutex("m").object.Value()
		want(t, "value of a lock is known", ok, false)
	})
}
