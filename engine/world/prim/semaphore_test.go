package prim

import (
	"testing"

	"github.com/racebench/racebench/engine/world"
)

func TestAcquireManyIsNotPassed(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		s := NewSemaphore(w, "s", 3)
		want(t, "first", s.Acquire(task, 2), nil)
		many := start(task, "many", func(task *world.Task) { _ = s.Acquire(task, 3) })
		want(t, "available while many waits", s.Available(), 0)
		want(t, "barging", s.TryAcquire(task, 1), ErrFull)
		few := start(task, "few", func(task *world.Task) { _ = s.Acquire(task, 1) })
		s.Release(task, 1)
		want(t, "first in line", s.waiters.Front().Units, 3)
		s.Release(task, 1)
		_ = task.Join(many)
		want(t, "next in line", s.waiters.Front().Units, 1)
		s.Release(task, 3)
		_ = task.Join(few)
		want(t, "available", s.Available(), 2)
	})
}

func TestOneReleaseServesMany(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		s := NewSemaphore(w, "s", 0)
		a := start(task, "a", func(task *world.Task) { _ = s.Acquire(task, 1) })
		b := start(task, "b", func(task *world.Task) { _ = s.Acquire(task, 2) })
		s.Release(task, 4)
		_, _ = task.Join(a), task.Join(b)
		want(t, "available", s.Available(), 1)
	})
}

func TestSemaphoreCloseFailsWaitersAndLaterAcquires(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		s := NewSemaphore(w, "s", 2)
		want(t, "held", s.TryAcquire(task, 1), nil)
		var err error
		waiter := start(task, "waiter", func(task *world.Task) { err = s.Acquire(task, 2) })
		s.Close(task)
		_ = task.Join(waiter)
		want(t, "waiter", err, ErrClosed)
		s.Release(task, 1)
		want(t, "later acquire", s.Acquire(task, 1), ErrClosed)
		want(t, "later try", s.TryAcquire(task, 1), ErrClosed)
		want(t, "later acquire of none", s.TryAcquire(task, 0), ErrClosed)
		want(t, "available", s.Available(), 2)
	})
}

func TestSemaphoreCloseFailsWaiterGrantedButNotRun(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		s := NewSemaphore(w, "s", 0)
		var err error
		waiter := start(task, "waiter", func(task *world.Task) { err = s.Acquire(task, 2) })
		s.mu.Lock() // the waiter cannot run between the grant and the close
		s.free += 2
		s.handOut()
		s.closed = true
		s.mu.Unlock()
		_ = task.Join(waiter)
		want(t, "waiter", err, ErrClosed)
		want(t, "units given back", s.Available(), 2)
	})
}

func TestLostAcquireHandsUnitsOn(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		s := NewSemaphore(w, "s", 0)
		loser, beat := startLoser(t, task, "loser", s.Acquiring(2))
		next := start(task, "next", func(task *world.Task) { _ = s.Acquire(task, 2) })
		beat.arm()
		s.Release(task, 2)
		_, _ = task.Join(loser), task.Join(next)
		want(t, "available", s.Available(), 0)
	})
}

func TestLeavingTheHeadOfTheLineLetsTheNextIn(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		s := NewSemaphore(w, "s", 1)
		many := start(task, "many", func(task *world.Task) { _ = s.Acquire(task, 5) })
		few := start(task, "few", func(task *world.Task) { _ = s.Acquire(task, 1) })
		abort(t, task, many)
		_ = task.Join(few)
		want(t, "available", s.Available(), 0)
	})
}

func TestAcquiringInSelect(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		s := NewSemaphore(w, "s", 1)
		a := s.Acquiring(1)
		want(t, "select", task.Select(a), 0)
		want(t, "acquired", a.Result(), nil)
		want(t, "a result is taken once", a.Result(), ErrClosed)
		var err error
		waiter := start(task, "waiter", func(task *world.Task) {
			task.Select(a)
			err = a.Result()
		})
		s.Release(task, 1)
		_ = task.Join(waiter)
		want(t, "used again", err, nil)
		want(t, "none of none", s.TryAcquire(task, 0), nil)
	})
}

func TestHighCountsAcquiresAndNotUnits(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		s := NewSemaphore(w, "s", 4)
		want(t, "all at once", s.Acquire(task, 4), nil)
		want(t, "one holder of four units", s.High(), 1)
		waiter := start(task, "waiter", func(task *world.Task) { _ = s.Acquire(task, 1) })
		s.Release(task, 4)
		_ = task.Join(waiter)
		want(t, "one after the other", s.High(), 1)
		want(t, "a second", s.TryAcquire(task, 1), nil)
		want(t, "a third", s.TryAcquire(task, 1), nil)
		want(t, "refused", s.TryAcquire(task, 4), ErrFull)
		want(t, "three holders", s.High(), 3)
		for range 3 {
			s.Release(task, 1)
		}
		s.Release(task, 2) // new units
		want(t, "again", s.TryAcquire(task, 1), nil)
		want(t, "the most that there were", s.High(), 3)
	})
}

// A unit that was granted and comes back because its acquire lost its select is not held any more.
func TestLostAcquireHoldsNothing(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		s := NewSemaphore(w, "s", 0)
		loser, beat := startLoser(t, task, "loser", s.Acquiring(1))
		beat.arm()
		s.Release(task, 1)
		_ = task.Join(loser)
		want(t, "available", s.Available(), 1)
		want(t, "acquired", s.TryAcquire(task, 1), nil)
		want(t, "never two", s.High(), 1)
	})
}
