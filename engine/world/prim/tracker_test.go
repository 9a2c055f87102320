package prim

import (
	"sync/atomic"
	"testing"

	"github.com/racebench/racebench/engine/world"
)

func TestTrackerNeedsClosedAndEmpty(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		k := NewTracker(w, "k")
		waiter := start(task, "waiter", func(task *world.Task) { k.Wait(task) })
		gate := w.NewToken("gate")
		child := k.Go(task, "child", func(task *world.Task) { task.Await(gate) })
		want(t, "len", k.Len(), 1)
		parked(w, "child")
		gate.Cancel(task)
		_ = task.Join(child)
		want(t, "woken when empty but open", k.waiters.Empty(), false)
		k.Close(task)
		_ = task.Join(waiter)
	})
}

func TestTrackerTracksAfterClose(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		k := NewTracker(w, "k")
		k.Close(task)
		k.Wait(task)
		gate := w.NewToken("gate")
		late := k.Go(task, "late", func(task *world.Task) { task.Await(gate) })
		waiter := start(task, "waiter", func(task *world.Task) { k.Wait(task) })
		k.Close(task) // a second close is no news
		want(t, "woken when closed, not empty", k.waiters.Empty(), false)
		gate.Cancel(task)
		_, _ = task.Join(late), task.Join(waiter)
		want(t, "len", k.Len(), 0)
	})
}

func TestTrackerWaitSeesARestThatIsOver(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		k := NewTracker(w, "k")
		waiting := k.Waiting()
		k.Close(task)
		gate := w.NewToken("gate")
		late := k.Go(task, "late", func(task *world.Task) { task.Await(gate) })
		task.Select(waiting)
		want(t, "len", k.Len(), 1)
		gate.Cancel(task)
		_ = task.Join(late)
	})
}

func TestTrackerCountsDownHoweverATaskEnds(t *testing.T) {
	var k *Tracker
	var left atomic.Int32
	o := world.Options{OnPanic: func(world.Panic) { left.Store(int32(k.Len())) }}
	inWorldOf(o, func(w *world.World, task *world.Task) {
		k = NewTracker(w, "k")
		k.Close(task)
		victim := k.Go(task, "victim", func(task *world.Task) { k.Wait(task) })
		parked(w, "victim")
		abort(t, task, victim)
		want(t, "len after an abort", k.Len(), 0)
		panics := k.Go(task, "panics", func(*world.Task) { panic("planted") })
		k.Wait(task)
		want(t, "len when the panic was reported", left.Load(), 1)
		if err := task.Join(panics); err == nil {
			t.Error("join of a panicked task returned nil")
		}
		want(t, "len after a panic", k.Len(), 0)
	})
}

func TestAbortedTrackerWaitLeavesNoStaleWaiter(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		k := NewTracker(w, "k")
		waiter := start(task, "waiter", func(task *world.Task) { task.Select(k.Waiting()) })
		abort(t, task, waiter)
		want(t, "waiters", k.waiters.Empty(), true)
	})
}

func TestTrackerReopenedNeedsAnotherClose(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		k := NewTracker(w, "k")
		k.Close(task)
		k.Wait(task)
		k.Reopen(task)
		waiter := start(task, "waiter", func(task *world.Task) { k.Wait(task) })
		want(t, "woken when empty but reopened", k.waiters.Empty(), false)
		k.Close(task)
		_ = task.Join(waiter)
	})
}
