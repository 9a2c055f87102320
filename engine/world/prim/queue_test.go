package prim

import (
	"testing"

	"github.com/racebench/racebench/engine/world"
)

func TestRecvEndsOnlyAfterPermits(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		q := NewQueue[int](w, "q", 4)
		sent, _ := q.Reserve(task)
		released, _ := q.Reserve(task)
		q.Close(task)
		_, state := q.TryRecv(task)
		want(t, "closed and empty with permits out", state, Empty)

		var got int
		var ok bool
		receiver := start(task, "receiver", func(task *world.Task) { got, ok = q.Recv(task) })
		sent.Send(task, 7)
		_ = task.Join(receiver)
		want(t, "value sent after close", got, 7)
		want(t, "ok of it", ok, true)

		receiver = start(task, "receiver", func(task *world.Task) { got, ok = q.Recv(task) })
		released.Release(task)
		released.Release(task)
		_ = task.Join(receiver)
		want(t, "ok after the last permit", ok, false)
		_, state = q.TryRecv(task)
		want(t, "state at the end", state, Ended)
	})
}

func TestUsedPermitPanicsOnSend(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		q := NewQueue[int](w, "q", 1)
		p, _ := q.Reserve(task)
		p.Send(task, 1)
		p.Release(task)
		defer func() {
			if recover() == nil {
				t.Error("the second send on a permit did not panic")
			}
			want(t, "room after send and release", q.TrySend(task, 2), ErrFull)
		}()
		p.Send(task, 2)
	})
}

func TestCloseKeepsItemsAndFailsSenders(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		q := NewQueue[int](w, "q", 1)
		want(t, "first send", q.Send(task, 1), nil)
		var sendErr, reserveErr error
		sender := start(task, "sender", func(task *world.Task) { sendErr = q.Send(task, 2) })
		reserver := start(task, "reserver", func(task *world.Task) { _, reserveErr = q.Reserve(task) })
		want(t, "closed before", q.Closed(task), false)
		q.Close(task)
		_, _ = task.Join(sender), task.Join(reserver)
		want(t, "blocked send", sendErr, ErrClosed)
		want(t, "blocked reserve", reserveErr, ErrClosed)
		want(t, "later send", q.Send(task, 3), ErrClosed)
		want(t, "later try", q.TrySend(task, 3), ErrClosed)
		_, err := q.Reserve(task)
		want(t, "later reserve", err, ErrClosed)
		want(t, "closed after", q.Closed(task), true)
		v, ok := q.Recv(task)
		want(t, "kept item", v, 1)
		want(t, "ok", ok, true)
		_, ok = q.Recv(task)
		want(t, "ok at the end", ok, false)
	})
}

func TestCloseFailsSenderGrantedButNotRun(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		q := NewQueue[int](w, "q", 1)
		_ = q.Send(task, 1)
		var sendErr error
		sender := start(task, "sender", func(task *world.Task) { sendErr = q.Send(task, 2) })
		q.mu.Lock() // the sender cannot run between the grant and the close
		q.take()
		want(t, "granted slots", q.reserved, 1)
		q.close()
		q.mu.Unlock()
		_ = task.Join(sender)
		want(t, "send", sendErr, ErrClosed)
		_, state := q.TryRecv(task)
		want(t, "its slot came back", state, Ended)
	})
}

func TestReceiverWakesWhenGrantedSenderGivesUp(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		q := NewQueue[int](w, "q", 1)
		_ = q.Send(task, 1)
		sender := start(task, "sender", func(task *world.Task) { _ = q.Send(task, 2) })
		q.mu.Lock()
		q.take()
		q.close()
		receiver := task.Go("receiver", func(task *world.Task) { _, _ = q.Recv(task) })
		q.mu.Unlock()
		_, _ = task.Join(sender), task.Join(receiver)
	})
}

func TestDropDiscardsThroughHook(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		q := NewQueue[int](w, "q", 3)
		p, _ := q.Reserve(task)
		released, _ := q.Reserve(task)
		_ = q.Send(task, 1)
		var sendErr error
		sender := start(task, "sender", func(task *world.Task) { sendErr = q.Send(task, 9) })
		used := false
		var discarded []int
		q.Drop(task, func(v int) {
			discarded = append(discarded, v*10+q.Len()) // the hook may use the queue
		})
		_ = task.Join(sender)
		want(t, "blocked send", sendErr, ErrClosed)
		_, state := q.TryRecv(task)
		want(t, "nobody receives from a dropped queue", state, Ended)
		q.Drop(task, func(int) { used = true })
		p.Send(task, 2)
		released.Release(task)
		want(t, "hook of a second drop", used, false)
		want(t, "discarded", len(discarded), 2)
		want(t, "item", discarded[0], 10)
		want(t, "permit's", discarded[1], 20)
		want(t, "inside", q.Len(), 0)
	})
}

func TestDropWithoutHook(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		q := NewQueue[int](w, "q", 3)
		p, _ := q.Reserve(task)
		_ = q.Send(task, 1)
		receiver := NewQueue[int](w, "other", 0)
		parkedThere := start(task, "receiver", func(task *world.Task) { _, _ = receiver.Recv(task) })
		q.Drop(task, nil)
		p.Send(task, 2)
		want(t, "inside", q.Len(), 0)
		receiver.Drop(task, nil)
		want(t, "a parked receiver ends", task.Join(parkedThere), nil)
	})
}

func TestSendersAreServedInOrderWithoutBarging(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		q := NewQueue[int](w, "q", 1)
		_ = q.Send(task, 0)
		senders := []*world.Task{
			start(task, "first", func(task *world.Task) { _ = q.Send(task, 1) }),
			start(task, "second", func(task *world.Task) {
				p, _ := q.Reserve(task)
				p.Send(task, 2)
			}),
			start(task, "third", func(task *world.Task) { _ = q.Send(task, 3) }),
		}
		for i := range 4 {
			v, _ := q.Recv(task)
			want(t, "order", v, i)
			if i < 3 {
				// The slot is already the next sender's, whether it has run or not.
				want(t, "barging", q.TrySend(task, 9), ErrFull)
			}
		}
		for _, s := range senders {
			_ = task.Join(s)
		}
		want(t, "room at last", q.TrySend(task, 4), nil)
	})
}

func TestLostReserveHandsItsSlotOn(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		q := NewQueue[int](w, "q", 1)
		_ = q.Send(task, 0)
		r := q.Reserving()
		loser, beat := startLoser(t, task, "loser", r)
		next := start(task, "next", func(task *world.Task) { _ = q.Send(task, 1) })
		beat.arm()
		_, _ = q.Recv(task)
		_, _ = task.Join(loser), task.Join(next)
		v, _ := q.Recv(task)
		want(t, "the next sender's value", v, 1)
		_, err := r.Result()
		want(t, "the loser's result", err, ErrClosed)
		want(t, "no slot leaked", q.TrySend(task, 2), nil)
	})
}

func TestAbortedSenderLeavesNoStaleWaiter(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		q := NewQueue[int](w, "q", 1)
		_ = q.Send(task, 0)
		victim := start(task, "victim", func(task *world.Task) { _ = q.Send(task, 1) })
		next := start(task, "next", func(task *world.Task) { _ = q.Send(task, 2) })
		abort(t, task, victim)
		_, _ = q.Recv(task)
		_ = task.Join(next)
		v, _ := q.Recv(task)
		want(t, "value", v, 2)
		want(t, "waiters", q.senders.Empty(), true)
	})
}

func TestSenderAbortedAfterGrantHandsItOn(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		q := NewQueue[int](w, "q", 1)
		_ = q.Send(task, 0)
		victim := start(task, "victim", func(task *world.Task) { _ = q.Send(task, 1) })
		next := start(task, "next", func(task *world.Task) { _ = q.Send(task, 2) })
		q.mu.Lock()
		victim.Abort(task)
		q.take() // grants the victim its slot before it can withdraw
		q.mu.Unlock()
		want(t, "victim", task.Join(victim), world.ErrAborted)
		_ = task.Join(next)
		v, _ := q.Recv(task)
		want(t, "value", v, 2)
	})
}

func TestLostReceiveWakesTheNextReceiver(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		q := NewQueue[int](w, "q", 1)
		loser, beat := startLoser(t, task, "loser", q.Receiving())
		var got int
		next := start(task, "next", func(task *world.Task) { got, _ = q.Recv(task) })
		beat.arm()
		_ = q.Send(task, 5)
		_, _ = task.Join(loser), task.Join(next)
		want(t, "the next receiver's value", got, 5)
	})
}

// A receiver that another operation woke may find a value while it stands in line.
func TestReceiverLeavesTheLineWithAnothersValue(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		q := NewQueue[int](w, "q", 1)
		k := w.NewToken("k")
		chosen := -1
		receiver := start(task, "receiver", func(task *world.Task) { chosen = task.Select(q.Receiving(), k) })
		q.mu.Lock()
		q.items.push(5) // its wake-up went to a receiver that is gone again
		q.mu.Unlock()
		k.Cancel(task)
		_ = task.Join(receiver)
		want(t, "chosen", chosen, 0)
		want(t, "receivers in line", q.receivers.Empty(), true)
	})
}

func TestAbortedReceiverWakesTheNextReceiver(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		q := NewQueue[int](w, "q", 1)
		victim := start(task, "victim", func(task *world.Task) { _, _ = q.Recv(task) })
		var got int
		next := start(task, "next", func(task *world.Task) { got, _ = q.Recv(task) })
		q.mu.Lock()
		victim.Abort(task)
		q.put(5)
		q.mu.Unlock()
		want(t, "victim", task.Join(victim), world.ErrAborted)
		_ = task.Join(next)
		want(t, "the next receiver's value", got, 5)
	})
}

func TestLastItemOfAClosedQueueEndsEveryReceiver(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		q := NewQueue[int](w, "q", 2)
		p, _ := q.Reserve(task)
		a := start(task, "a", func(task *world.Task) { _, _ = q.Recv(task) })
		b := start(task, "b", func(task *world.Task) { _, _ = q.Recv(task) })
		q.Close(task)
		p.Send(task, 1)
		_, _ = task.Join(a), task.Join(b)
	})
}

func TestSelectOverQueuesIsBiasedAndReusable(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		commands, events := NewQueue[int](w, "commands", 0), NewQueue[int](w, "events", 0)
		c, e := commands.Receiving(), events.Receiving()
		for i := range 3 {
			_ = events.Send(task, i)
		}
		_ = commands.Send(task, 100)
		want(t, "both ready", task.Select(c, e), 0)
		v, ok := c.Result()
		want(t, "command", v, 100)
		want(t, "ok", ok, true)
		for i := range 3 {
			want(t, "events only", task.Select(c, e), 1)
			v, _ = e.Result()
			want(t, "event", v, i)
		}
		_, ok = e.Result()
		want(t, "a result is taken once", ok, false)
		commands.Close(task)
		want(t, "an ended queue completes", task.Select(c, e), 0)
		_, ok = c.Result()
		want(t, "ended", ok, false)
	})
}

func TestReservingIsReusable(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		q := NewQueue[int](w, "q", 2)
		r := q.Reserving()
		for i := range 2 {
			task.Await(r)
			p, err := r.Result()
			want(t, "reserve", err, nil)
			again, err := r.Result()
			want(t, "a permit is given once", again == Permit[int]{} && err == ErrClosed, true)
			p.Send(task, i)
		}
		var err error
		late := start(task, "late", func(task *world.Task) {
			task.Select(r)
			_, err = r.Result()
		})
		q.Close(task)
		_ = task.Join(late)
		want(t, "reserve after close", err, ErrClosed)
	})
}

func TestQueueBooks(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		q := NewQueue[int](w, "q", 0)
		for i := range 20 {
			_ = q.Send(task, i)
		}
		for range 7 {
			_, _ = q.Recv(task)
		}
		_ = q.Send(task, 20)
		i := 7
		q.Each(func(v int) {
			want(t, "inside", v, i)
			i++
		})
		want(t, "visited", i, 21)
		want(t, "len", q.Len(), 14)
		want(t, "cap", q.Cap(), 0)
		want(t, "high", q.High(), 20)
	})
}

func TestUnwindingTaskIsNotHeldUp(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		full, empty := NewQueue[int](w, "full", 1), NewQueue[int](w, "empty", 1)
		_ = full.Send(task, 1)
		p, _ := NewQueue[int](w, "other", 1).Reserve(task)
		var sendErr, acquireErr error
		var ok bool
		victim := start(task, "victim", func(task *world.Task) {
			defer func() {
				p.Release(task)
				sendErr = full.Send(task, 2)
				_, ok = empty.Recv(task)
				acquireErr = NewSemaphore(w, "s", 0).Acquire(task, 1)
				NewNotify(w, "n").Wait(task)
				NewTracker(w, "k").Wait(task)
			}()
			_, _ = empty.Recv(task)
		})
		abort(t, task, victim)
		want(t, "send", sendErr, ErrClosed)
		want(t, "recv", ok, false)
		want(t, "acquire", acquireErr, ErrClosed)
		want(t, "receivers left behind", empty.receivers.Empty(), true)
	})
}
