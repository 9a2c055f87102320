package prim

import (
	"testing"

	"github.com/racebench/racebench/engine/world"
)

func bench(b *testing.B, setup func(w *world.World, task *world.Task) func()) {
	inWorld(b, func(w *world.World, task *world.Task) {
		op := setup(w, task)
		op()
		b.ReportAllocs()
		for b.Loop() {
			op()
		}
	})
}

func BenchmarkQueueSendRecv(b *testing.B) {
	bench(b, func(w *world.World, task *world.Task) func() {
		q := NewQueue[[4]uint64](w, "q", 256)
		return func() {
			_ = q.Send(task, [4]uint64{})
			_, _ = q.Recv(task)
		}
	})
}

func BenchmarkQueueReserveSendSelect(b *testing.B) {
	bench(b, func(w *world.World, task *world.Task) func() {
		q, idle := NewQueue[[4]uint64](w, "q", 256), NewQueue[int](w, "idle", 1)
		first, second := idle.Receiving(), q.Receiving()
		return func() {
			p, _ := q.Reserve(task)
			p.Send(task, [4]uint64{})
			task.Select(first, second)
			_, _ = second.Result()
		}
	})
}

func BenchmarkMergeSendRecv(b *testing.B) {
	bench(b, func(w *world.World, task *world.Task) func() {
		m := NewMerge[[4]uint64](w, "m")
		queues := make([]*Queue[[4]uint64], 4)
		for i := range queues {
			queues[i] = NewQueue[[4]uint64](w, "q", 256)
			m.Add(task, queues[i])
		}
		i := 0
		return func() {
			i++
			_ = queues[i%4].Send(task, [4]uint64{})
			_, _ = m.Recv(task)
		}
	})
}

func BenchmarkBroadcastSendTryRecv(b *testing.B) {
	bench(b, func(w *world.World, task *world.Task) func() {
		c := NewBroadcast[int](w, "b", 32)
		s := c.Subscribe("s")
		return func() {
			c.Send(task, 1)
			_, _, _ = s.TryRecv(task)
		}
	})
}

func BenchmarkSemaphoreAcquireRelease(b *testing.B) {
	bench(b, func(w *world.World, task *world.Task) func() {
		s := NewSemaphore(w, "s", 4)
		return func() {
			_ = s.Acquire(task, 2)
			s.Release(task, 2)
		}
	})
}

func BenchmarkNotifyOneWait(b *testing.B) {
	bench(b, func(w *world.World, task *world.Task) func() {
		n := NewNotify(w, "n")
		return func() {
			n.NotifyOne(task)
			n.Wait(task)
		}
	})
}

// One task sends, the other receives; a queue of one value makes them take turns.
func BenchmarkQueueHandOver(b *testing.B) {
	bench(b, func(w *world.World, task *world.Task) func() {
		there, back := NewQueue[int](w, "there", 1), NewQueue[int](w, "back", 1)
		task.Go("echo", func(task *world.Task) {
			for {
				v, _ := there.Recv(task)
				_ = back.Send(task, v)
			}
		})
		return func() {
			_ = there.Send(task, 1)
			_, _ = back.Recv(task)
		}
	})
}

// Three senders keep a small queue full for one receiver.
func BenchmarkQueueFullOfSenders(b *testing.B) {
	bench(b, func(w *world.World, task *world.Task) func() {
		q := NewQueue[int](w, "q", 4)
		for range 3 {
			task.Go("sender", func(task *world.Task) {
				for q.Send(task, 1) == nil {
					continue
				}
			})
		}
		return func() { _, _ = q.Recv(task) }
	})
}
