package prim

import (
	"testing"

	"github.com/racebench/racebench/engine/world"
)

func TestNotifyWaitersStoresNothing(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		n := NewNotify(w, "n")
		n.NotifyWaiters(task)
		late := start(task, "late", func(task *world.Task) { n.Wait(task) })
		abort(t, task, late)
		want(t, "waiters", n.waiters.Empty(), true)
	})
}

func TestNotifiedCountsFromCreation(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		n := NewNotify(w, "n")
		before := n.Notified() // never polled
		n.NotifyWaiters(task)
		after := n.Notified()
		task.Await(before)
		task.Await(before) // it stays completed
		late := start(task, "late", func(task *world.Task) { task.Await(after) })
		abort(t, task, late)
	})
}

func TestNotifyWaitersWakesEverybody(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		n := NewNotify(w, "n")
		a := start(task, "a", func(task *world.Task) { n.Wait(task) })
		b := start(task, "b", func(task *world.Task) { task.Select(n.Notified()) })
		n.NotifyWaiters(task)
		_, _ = task.Join(a), task.Join(b)
		want(t, "stored", n.permit, false)
	})
}

func TestNotifyOneStoresOnePermit(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		n := NewNotify(w, "n")
		n.NotifyOne(task)
		n.NotifyOne(task)
		n.NotifyWaiters(task) // leaves the permit alone
		n.Wait(task)
		second := start(task, "second", func(task *world.Task) { n.Wait(task) })
		abort(t, task, second)
	})
}

func TestNotifyOneServesInOrderAndStoresNothingThen(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		n := NewNotify(w, "n")
		a := start(task, "a", func(task *world.Task) { n.Wait(task) })
		b := start(task, "b", func(task *world.Task) { n.Wait(task) })
		n.NotifyOne(task)
		_ = task.Join(a)
		want(t, "b ended", b.Ended(), false)
		want(t, "stored", n.permit, false)
		n.NotifyOne(task)
		_ = task.Join(b)
	})
}

func TestLostNotifiedHandsNotifyOneOn(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		n := NewNotify(w, "n")
		loser, beat := startLoser(t, task, "loser", n.Notified())
		next := start(task, "next", func(task *world.Task) { n.Wait(task) })
		beat.arm()
		n.NotifyOne(task)
		_, _ = task.Join(loser), task.Join(next)
		want(t, "stored", n.permit, false)

		loser, beat = startLoser(t, task, "loser", n.Notified())
		beat.arm()
		n.NotifyOne(task)
		_ = task.Join(loser)
		want(t, "stored when nobody was left", n.permit, true)
	})
}

func TestLostNotifiedDoesNotHandNotifyWaitersOn(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		n := NewNotify(w, "n")
		loser, beat := startLoser(t, task, "loser", n.Notified())
		beat.arm()
		n.NotifyWaiters(task)
		_ = task.Join(loser)
		want(t, "stored", n.permit, false)
	})
}

func TestWhichWakeUpTakesThePermit(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		n := NewNotify(w, "n")
		fresh := n.Notified()
		begun := n.Notified()
		want(t, "nothing yet", begun.Try(), false)
		n.NotifyOne(task)
		n.NotifyWaiters(task)
		want(t, "begun", begun.Try(), true)
		want(t, "permit after the begun one", n.permit, true)
		want(t, "fresh", fresh.Try(), true)
		want(t, "permit after the fresh one", n.permit, false)
	})
}

// The lost wake-up of the gateway's drain: the condition is looked at, the last task notifies, and only
// then does the waiter subscribe. The twin that subscribes first is woken.
func TestCheckThenWaitLosesTheWakeUp(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		n := NewNotify(w, "idle")
		count := w.NewAtomic("count", 1)
		last := func(task *world.Task) {
			if count.Add(task, -1) == 0 {
				n.NotifyWaiters(task)
			}
		}
		buggy := task.Go("buggy", func(task *world.Task) {
			for count.Load(task) > 0 {
				_ = task.Join(task.Go("last", last))
				n.Wait(task)
			}
		})
		parkedIn(w, "buggy", "idle")
		want(t, "count while it waits", count.Load(task), 0)
		abort(t, task, buggy)

		count.Store(task, 1)
		for twin := n.Notified(); count.Load(task) > 0; twin = n.Notified() {
			_ = task.Join(task.Go("last", last))
			task.Await(twin)
		}
	})
}
