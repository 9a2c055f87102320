package world

import (
	"container/heap"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTimersFireInOrderAndNeverEarly(t *testing.T) {
	w := NewReal(Options{})
	defer w.Close()
	const count = 50
	var order []int
	all := make(chan struct{})
	r := rand.New(rand.NewPCG(1, 2))
	w.timers.mu.Lock() // all are set before any can fire
	now := w.Now()
	for _, i := range r.Perm(count) {
		timer := w.NewTimer("timer")
		at := now + time.Duration(i)*50*time.Microsecond
		timer.at = at
		timer.then = func() {
			if w.Now() < at {
				t.Errorf("timer %d fired %v early", i, at-w.Now())
			}
			if order = append(order, i); len(order) == count {
				close(all)
			}
		}
		heap.Push(&w.timers.pending, timer)
	}
	w.alarm.clock.interrupt()
	w.timers.mu.Unlock()
	<-all
	if !slices.IsSorted(order) {
		t.Errorf("order %v", order)
	}
}

func TestSleepIsNeverShort(t *testing.T) {
	inWorld(t, func(_ *World, task *Task) {
		for _, d := range []time.Duration{0, -time.Second, time.Nanosecond, 300 * time.Microsecond, 2 * time.Millisecond} {
			began := task.Now()
			task.Sleep(d)
			if slept := task.Now() - began; slept < d {
				t.Errorf("sleep of %v took %v", d, slept)
			}
		}
		task.SleepUntil(task.Now() - time.Hour)
	})
}

func TestAShorterSleepIsNotHeldUpByALongerOne(t *testing.T) {
	inWorld(t, func(_ *World, task *Task) {
		long := start(task, "long", func(task *Task) { task.Sleep(time.Hour) })
		task.Sleep(time.Millisecond) // ends: the alarm's thread was asleep for an hour
		want(t, "long ended", long.Ended(), false)
		long.Abort(task)
		want(t, "join", task.Join(long), ErrAborted)
	})
}

func TestTimerCompletesOnceForEachSetting(t *testing.T) {
	inWorld(t, func(w *World, task *Task) {
		a, later := w.NewTimer("a"), w.NewTimer("later")
		wait := func() {
			later.Set(200 * time.Microsecond)
			task.Await(later)
		}
		a.Set(0)
		task.Await(a)
		want(t, "fired again after it was awaited", a.Try(), false)
		a.Set(time.Hour)
		a.Set(0) // replaces
		wait()
		want(t, "fired", a.Try(), true)
		want(t, "fired again", a.Try(), false)

		a.Set(0)
		wait()
		a.Stop()
		want(t, "stopped after it fired", a.Try(), false)

		a.Set(time.Hour)
		a.Stop()
		a.Stop()
		want(t, "armed after stop", a.index, -1)

		a.Set(0)
		wait()
		a.Set(time.Hour)
		want(t, "set again after it fired", a.Try(), false)
	})
}

func TestTimerInSelectStaysArmed(t *testing.T) {
	inWorld(t, func(w *World, task *Task) {
		timer, k := w.NewTimer("timer"), w.NewToken("k")
		timer.Set(time.Hour)
		chosen := -1
		waiter := start(task, "waiter", func(task *Task) { chosen = task.Select(timer, k) })
		k.Cancel(task)
		_ = task.Join(waiter)
		want(t, "chosen", chosen, 1)
		want(t, "armed", timer.index >= 0, true)
		timer.Set(0)
		want(t, "fires", task.Select(w.NewToken("never"), timer), 1)
	})
}

func TestDeadlines(t *testing.T) {
	inWorld(t, func(w *World, task *Task) {
		began := task.Now()
		k := w.NewDeadline("soon", time.Millisecond)
		task.Await(k)
		if took := task.Now() - began; took < time.Millisecond {
			t.Errorf("a deadline of 1ms came after %v", took)
		}
		want(t, "cancelled", k.Cancelled(task), true)

		k = w.NewDeadline("late", time.Hour)
		want(t, "not cancelled", k.Cancelled(task), false)
		waiter := start(task, "waiter", func(task *Task) { task.Await(k) })
		k.Cancel(task)
		_ = task.Join(waiter)
		k.Cancel(task)
		want(t, "timer armed after cancel", k.timer.index, -1)
	})
}

func TestClosedClockIsLeftAlone(t *testing.T) {
	w := NewReal(Options{})
	timer := w.NewTimer("timer")
	timer.Set(time.Minute) // sooner than the hour a clock without timers sleeps for
	for asleep := false; !asleep; runtime.Gosched() {
		w.timers.mu.Lock()
		asleep = w.timers.until == timer.at
		w.timers.mu.Unlock()
	}
	w.Close()
	w.Close()
	next := w.timers.until
	timer.Set(0) // must not write to a descriptor that is closed by now
	want(t, "interrupted", w.timers.until, next)
}

// A limit that is Timely passes at its moment once nobody can go on, before timers that are due after it. One that is
// not lets them fire first: that the world waits for them proves that it has not hung.
func TestATimelyLimitDoesNotWaitForLaterTimers(t *testing.T) {
	for timely, want := range map[bool]string{true: "first limit last", false: "first last limit"} {
		w := NewSim(SimOptions{Strategy: eager(false)})
		var order []string
		var passed time.Duration
		r := w.Simulate("main", func(t *Task) {
			asleep := func(name string, d time.Duration) *Task {
				return t.Go(name, func(t *Task) {
					t.Sleep(d)
					order = append(order, name)
				})
			}
			first, last := asleep("first", time.Second), asleep("last", time.Hour)
			limit := w.NewTimer("the limit")
			limit.Idle, limit.Timely = true, timely
			limit.Set(time.Minute)
			t.Await(limit)
			order, passed = append(order, "limit"), t.Now()
			_, _ = t.Join(first), t.Join(last)
		})
		if got := strings.Join(order, " "); r.Ending != Finished || got != want {
			t.Errorf("timely %t: ending %d, order %q, want %q", timely, r.Ending, got, want)
		}
		if passed < time.Minute || timely && passed > time.Minute+time.Second {
			t.Errorf("timely %t: the limit of a minute passed after %v", timely, passed)
		}
	}
}
