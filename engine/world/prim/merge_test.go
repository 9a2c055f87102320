package prim

import (
	"runtime"
	"sync"
	"testing"

	"github.com/racebench/racebench/engine/world"
)

func merged(w *world.World, task *world.Task, n int) (*Merge[int], []*Queue[int]) {
	m := NewMerge[int](w, "m")
	queues := make([]*Queue[int], n)
	for i := range queues {
		queues[i] = NewQueue[int](w, "source", 4)
		m.Add(task, queues[i])
	}
	return m, queues
}

func TestMergeDoesNotLookAgainAfterClose(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		m, qs := merged(w, task, 2)
		_, state := m.TryRecv(task)
		want(t, "first look", state, Empty)
		for _, q := range qs {
			q.Close(task)
		}
		_, state = m.TryRecv(task)
		want(t, "ended sources that were found empty before", state, Empty)
		receiver := start(task, "receiver", func(task *world.Task) { _, _ = m.Recv(task) })
		want(t, "the sources", len(m.Sources()), 2)
		abort(t, task, receiver)
	})
}

func TestParkedMergeSleepsThroughClose(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		m, qs := merged(w, task, 1)
		receiver := start(task, "receiver", func(task *world.Task) { _, _ = m.Recv(task) })
		qs[0].Close(task)
		m.mu.Lock()
		want(t, "woken", m.waiters.Empty(), false)
		m.mu.Unlock()
		abort(t, task, receiver)
		want(t, "waiters", m.waiters.Empty(), true)
	})
}

func TestMergeSeesEndOfSourceWhoseFlagIsUp(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		m, qs := merged(w, task, 2)
		_ = qs[0].Send(task, 1)
		qs[0].Close(task)
		qs[1].Close(task) // never looked at: added
		v, ok := m.Recv(task)
		want(t, "value", v, 1)
		want(t, "ok", ok, true)
		_, ok = m.Recv(task)
		want(t, "ok at the end", ok, false)
		want(t, "sources", len(m.Sources()), 0)
		_, state := m.TryRecv(task)
		want(t, "state", state, Ended)
	})
}

func TestMergeWakesForPermitsOfAClosedSource(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		m, qs := merged(w, task, 1)
		a, _ := qs[0].Reserve(task)
		b, _ := qs[0].Reserve(task)
		var got []int
		receiver := start(task, "receiver", func(task *world.Task) {
			for v, ok := m.Recv(task); ok; v, ok = m.Recv(task) {
				got = append(got, v)
			}
		})
		qs[0].Close(task)
		a.Send(task, 1)
		parked(w, "receiver")
		b.Release(task) // what wakes a tokio receiver as the last thing
		_ = task.Join(receiver)
		want(t, "received", len(got), 1)
	})
}

func TestMergeTakesTurns(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		m, qs := merged(w, task, 3)
		for i := range 3 {
			for s, q := range qs {
				_ = q.Send(task, s*10+i)
			}
		}
		var order []int
		for v, state := m.TryRecv(task); state == Got; v, state = m.TryRecv(task) {
			order = append(order, v)
		}
		for i, v := range []int{0, 10, 20, 1, 11, 21, 2, 12, 22} {
			if i >= len(order) || order[i] != v {
				t.Errorf("order %v", order)
				return
			}
		}
	})
}

func TestTakenSourcesNoLongerReachTheMerge(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		m, qs := merged(w, task, 2)
		_, state := m.TryRecv(task)
		want(t, "first look", state, Empty)
		_ = qs[1].Send(task, 1)
		taken := m.Take(task)
		want(t, "taken", len(taken), 2)
		want(t, "in order", taken[0] == qs[0] && taken[1] == qs[1], true)
		_ = qs[0].Send(task, 2)
		_, state = m.TryRecv(task)
		want(t, "emptied merge", state, Ended)
		v, _ := qs[1].TryRecv(task)
		want(t, "value left in its queue", v, 1)

		other := NewMerge[int](w, "other")
		other.Add(task, qs[0])
		v, _ = other.TryRecv(task)
		want(t, "added elsewhere", v, 2)
	})
}

// Who waits at a merge that is emptied is told that it has ended.
func TestTakeEndsWhoWaits(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		m, _ := merged(w, task, 2)
		ok := true
		receiver := start(task, "receiver", func(task *world.Task) { _, ok = m.Recv(task) })
		_ = m.Take(task)
		m.mu.Lock()
		woken := m.waiters.Empty()
		m.mu.Unlock()
		want(t, "woken", woken, true)
		if !woken {
			abort(t, task, receiver)
			return
		}
		_ = task.Join(receiver)
		want(t, "ok at the end", ok, false)
	})
}

// A blocker holds its task up in the middle of a select.
type blocker struct {
	rival
	gate sync.Mutex
}

func (b *blocker) Poll(*world.Waiter) bool {
	b.gate.Lock()
	defer b.gate.Unlock()
	return false
}

// One receiver is already looking, for a reason of its own, when a flag spends its wake-up on it; the
// other one has looked in between and sleeps again. The value that raised the flag is the other one's.
func TestMergePassesOnAWakeUpItDidNotNeed(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		m, qs := merged(w, task, 1)
		q, k := qs[0], w.NewToken("k")
		b := &blocker{rival: rival{w: w}}
		other := start(task, "other", func(task *world.Task) { task.Select(b, m.Receiving()) })
		looking := start(task, "looking", func(task *world.Task) { task.Select(m.Receiving(), k) })
		b.gate.Lock()
		q.mu.Lock()
		q.put(1) // wakes the other one, as far as the blocker
		k.Cancel(task)
		for lowered := false; !lowered; runtime.Gosched() {
			m.mu.Lock()
			lowered = m.first == nil
			m.mu.Unlock()
		}
		b.gate.Unlock()
		parked(w, "other")
		q.put(2)
		q.mu.Unlock()
		_, _ = task.Join(looking), task.Join(other)
		want(t, "left", q.Len(), 0)
	})
}

func TestMergeInSelectHandsOn(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		m, qs := merged(w, task, 1)
		loser, beat := startLoser(t, task, "loser", m.Receiving())
		var got int
		next := start(task, "next", func(task *world.Task) { got, _ = m.Recv(task) })
		beat.arm()
		_ = qs[0].Send(task, 3)
		_, _ = task.Join(loser), task.Join(next)
		want(t, "the next receiver's value", got, 3)
		r := m.Receiving()
		_ = qs[0].Send(task, 4)
		want(t, "select", task.Select(r), 0)
		v, ok := r.Result()
		want(t, "value", v, 4)
		want(t, "ok", ok, true)
	})
}
