package world

import (
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

func TestPanicEndsOneTaskOnly(t *testing.T) {
	var told atomic.Pointer[Panic]
	inWorldOf(Options{OnPanic: func(p Panic) { told.Store(&p) }}, func(w *World, task *Task) {
		k := w.NewToken("k")
		bystander := start(task, "bystander", func(task *Task) { task.Await(k) })
		broken := w.Go(Target, "broken", func(*Task) { panic(errors.New("planted")) })
		err := task.Join(broken)
		p := told.Load() // told before a joiner wakes up
		if p == nil {
			t.Error("nobody was told of the panic")
			return
		}
		want(t, "task", p.Task, "broken")
		want(t, "realm", p.Realm, Target)
		want(t, "value", p.Value, "planted")
		want(t, "stack", p.Stack != "", true)
		var joined *Panic
		want(t, "join's error", errors.As(err, &joined) && *joined == *p, true)
		want(t, "its text", err.Error(), "task broken panicked: planted")
		want(t, "bystander ended", bystander.Ended(), false)
		k.Cancel(task)
		want(t, "bystander", task.Join(bystander), nil)
	})
}

func TestPanicWithNilIsAPanic(t *testing.T) {
	inWorldOf(Options{}, func(_ *World, task *Task) {
		var value any
		var p *Panic
		want(t, "join", errors.As(task.Join(task.Go("nil", func(*Task) { panic(value) })), &p), true)
	})
}

func TestAtEndComesAfterThePanicAndBeforeJoiners(t *testing.T) {
	order := ""
	o := Options{OnPanic: func(Panic) { order += "panic " }}
	inWorldOf(o, func(_ *World, task *Task) {
		_ = task.Join(task.Go("broken", func(task *Task) {
			task.AtEnd(func(*Task) { order += "first" })
			task.AtEnd(func(*Task) { order += "last " })
			defer func() { order += "deferred " }()
			panic("planted")
		}))
		want(t, "order", order, "deferred panic last first")
	})
}

// aborting starts a task that has been aborted by the time it runs on.
func aborting(task *Task, body func(*Task)) *Task {
	var began, aborted atomic.Bool
	victim := task.Go("victim", func(task *Task) {
		began.Store(true)
		for !aborted.Load() {
			runtime.Gosched()
		}
		body(task)
	})
	for !began.Load() {
		runtime.Gosched()
	}
	victim.Abort(task)
	aborted.Store(true)
	return victim
}

func TestAbortStopsAtPendingAwaitPointsOnly(t *testing.T) {
	inWorld(t, func(w *World, task *Task) {
		ready, never := w.NewToken("ready"), w.NewToken("never")
		ready.Cancel(task)
		m := w.NewMutex("m")
		reached, deferred := 0, false
		victim := aborting(task, func(task *Task) {
			defer func() {
				deferred = true
				m.Unlock(task)
				task.Await(never)
				task.Sleep(time.Hour)
				task.Select(never, never)
			}()
			m.Lock(task)
			task.Await(ready)
			task.Select(never, ready)
			reached = 1
			task.Await(never)
			reached = 2
		})
		want(t, "join", task.Join(victim), ErrAborted)
		want(t, "reached", reached, 1)
		want(t, "deferred call ran", deferred, true)
		want(t, "lock is free", !m.locked, true)
		want(t, "nobody left behind", never.waiters.Empty(), true)
	})
}

func TestAbortOfATaskThatNeverWaits(t *testing.T) {
	inWorld(t, func(_ *World, task *Task) {
		ran := false
		victim := aborting(task, func(*Task) { ran = true })
		want(t, "join", task.Join(victim), nil)
		want(t, "ran to its end", ran, true)
		victim.Abort(task)
		want(t, "join after an abort of the ended task", task.Join(victim), nil)
	})
}

func TestAbortInSelectWithdrawsEverything(t *testing.T) {
	inWorld(t, func(w *World, task *Task) {
		m := w.NewMutex("m")
		m.Lock(task)
		k := w.NewToken("k")
		other := start(task, "other", func(task *Task) { task.Await(k) })
		victim := start(task, "victim", func(task *Task) { task.Select(k, m, other) })
		victim.Abort(task)
		want(t, "join", task.Join(victim), ErrAborted)
		want(t, "lock's waiters", m.waiters.Empty(), true)
		want(t, "task's joiners", other.joiners.Empty(), true)
		want(t, "token's waiters are the other", k.waiters.Front().task, other)
		k.Cancel(task)
		_ = task.Join(other)
	})
}

func TestAbortAfterGrantHandsTheLockOn(t *testing.T) {
	inWorld(t, func(w *World, task *Task) {
		m := w.NewMutex("m")
		m.Lock(task)
		victim := start(task, "victim", func(task *Task) { m.Lock(task) })
		next := start(task, "next", func(task *Task) { m.Lock(task) })
		m.mu.Lock() // the victim cannot withdraw between the abort and the grant
		victim.Abort(task)
		m.handOn()
		m.mu.Unlock()
		want(t, "victim", task.Join(victim), ErrAborted)
		want(t, "next", task.Join(next), nil)
	})
}

func TestJoinOfManyWakesEverybody(t *testing.T) {
	inWorld(t, func(w *World, task *Task) {
		k := w.NewToken("k")
		joined := start(task, "joined", func(task *Task) { task.Await(k) })
		a := start(task, "a", func(task *Task) { _ = task.Join(joined) })
		b := start(task, "b", func(task *Task) { task.Select(joined) })
		k.Cancel(task)
		_, _ = task.Join(a), task.Join(b)
		want(t, "ended", joined.Ended(), true)
	})
}

// TestATaskIsOfTheRealmWhoseCodeStartedIt starts a task from the target's code on a client's task: a call
// that works on after its caller has left is the server's.
func TestATaskIsOfTheRealmWhoseCodeStartedIt(t *testing.T) {
	w := NewReal(Options{})
	defer w.Close()
	realms := make(chan Realm, 2)
	w.Go(Harness, "client", func(t *Task) {
		t.As(Target, func() { t.Go("call", func(t *Task) { realms <- t.State().Realm }) })
		t.Go("helper", func(t *Task) { realms <- t.State().Realm })
	})
	if got := [2]Realm{<-realms, <-realms}; got[0] == got[1] {
		t.Errorf("the tasks are of realms %v, want one of each", got)
	}
}

// Whoever is parked for good does not move. Who runs, sleeps, was just woken or is outside the world does.
func TestMovingCountsWhoIsOnTheWay(t *testing.T) {
	inWorld(t, func(w *World, task *Task) {
		want(t, "moving, with nobody else", task.Moving(), 0)
		never := w.NewToken("never")
		start(task, "parked", func(task *Task) { task.Await(never) })
		tick(task, "ticker", time.Hour, func(*Task) {}) // a rhythm of a server that has nothing to do
		for w.Tasks()[2].Kind != KindSleep {
			runtime.Gosched()
		}
		want(t, "moving, with one parked and one that beats time", task.Moving(), 0)
		sleeper := start(task, "sleeper", func(task *Task) { task.Sleep(time.Hour) })
		want(t, "moving, with a sleeper", task.Moving(), 1)
		want(t, "moving, with a sleeper that is left out", task.Moving(nil, sleeper), 0)
		release, inside := make(chan struct{}), make(chan struct{})
		outside := task.Go("outside", func(task *Task) {
			task.Blocking(w.NewObject("a socket"), func() { close(inside); <-release })
		})
		<-inside
		want(t, "moving, with one outside as well", task.Moving(), 2)
		hold, held := make(chan struct{}), make(chan struct{})
		busy := task.Go("busy", func(*Task) { close(held); <-hold })
		<-held
		want(t, "moving, with one that runs as well", task.Moving(), 3)
		w.Go(Target, "another realm", func(task *Task) { task.Await(never) })
		close(hold)
		close(release)
		sleeper.Abort(task)
		_, _, _ = task.Join(busy), task.Join(outside), task.Join(sleeper)
		want(t, "moving, with all of them gone", task.Moving(), 0)
		never.Cancel(task)
	})
}
