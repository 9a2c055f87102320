package prim

import (
	"errors"
	"testing"

	"github.com/racebench/racebench/engine/world"
)

func TestBroadcastLagsByMoreThanItsCapacityOnly(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		for _, c := range []struct{ sent, missed int }{{31, 0}, {32, 0}, {33, 1}, {70, 38}} {
			b := NewBroadcast[int](w, "b", 32)
			s := b.Subscribe("s")
			for i := range c.sent {
				b.Send(task, i)
			}
			first := 0
			if c.missed > 0 {
				_, err := s.Recv(task)
				var lagged *Lagged
				if !errors.As(err, &lagged) || lagged.Missed != c.missed {
					t.Errorf("%d sent: got %v, want %d missed", c.sent, err, c.missed)
				}
				first = c.missed
			}
			for i := first; i < c.sent; i++ {
				v, err := s.Recv(task)
				want(t, "error", err, nil)
				want(t, "value", v, i)
			}
			_, state, err := s.TryRecv(task)
			want(t, "state when all was received", state, Empty)
			want(t, "error when all was received", err, nil)
		}
	})
}

func TestBroadcastLagsAgainAfterFurtherOverrun(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		b := NewBroadcast[int](w, "b", 2)
		s := b.Subscribe("s")
		for round := range 2 {
			for i := range 5 {
				b.Send(task, i)
			}
			_, state, err := s.TryRecv(task)
			want(t, "state of a lag", state, Got)
			var lagged *Lagged
			// The second round starts with one value not received.
			if !errors.As(err, &lagged) || lagged.Missed != 3+round {
				t.Errorf("round %d: got %v", round, err)
			}
			v, _ := s.Recv(task)
			want(t, "oldest kept", v, 3)
		}
	})
}

func TestBroadcastEndsAfterWhatWasSent(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		b := NewBroadcast[int](w, "b", 4)
		b.Send(task, 1) // nobody listens
		s := b.Subscribe("s")
		b.Send(task, 2)
		b.Close(task)
		b.Send(task, 3)
		v, err := s.Recv(task)
		want(t, "value", v, 2)
		want(t, "error", err, nil)
		_, err = s.Recv(task)
		want(t, "end", err, ErrClosed)
		_, state, err := s.TryRecv(task)
		want(t, "state at the end", state, Ended)
		want(t, "error at the end", err, ErrClosed)
	})
}

func TestBroadcastWakesEverySubscription(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		b := NewBroadcast[int](w, "b", 4)
		got := make([]int, 3)
		var tasks []*world.Task
		for i, name := range []string{"a", "b", "c"} {
			s := b.Subscribe(name)
			tasks = append(tasks, start(task, name, func(task *world.Task) {
				r := s.Receiving()
				task.Select(r)
				got[i], _ = r.Result()
			}))
		}
		victim := start(task, "victim", func(task *world.Task) { _, _ = b.Subscribe("v").Recv(task) })
		abort(t, task, victim)
		b.Send(task, 9)
		for i, listener := range tasks {
			_ = task.Join(listener)
			want(t, "value", got[i], 9)
		}
		want(t, "waiters", b.waiters.Empty(), true)
		var err error
		last := start(task, "last", func(task *world.Task) { _, err = b.Subscribe("l").Recv(task) })
		b.Close(task)
		_ = task.Join(last)
		want(t, "close of a parked subscription", err, ErrClosed)
	})
}

func TestDroppedSubscriptionReceivesNothing(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		b := NewBroadcast[int](w, "b", 4)
		s := b.Subscribe("s")
		b.Send(task, 1)
		s.Drop(task)
		_, err := s.Recv(task)
		want(t, "error", err, ErrClosed)
	})
}
