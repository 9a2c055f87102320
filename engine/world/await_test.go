package world

import (
	"strconv"
	"testing"
)

func TestSelectPrefersTheFirst(t *testing.T) {
	inWorld(t, func(w *World, task *Task) {
		a, b := w.NewToken("a"), w.NewToken("b")
		a.Cancel(task)
		b.Cancel(task)
		ended := task.Go("ended", func(*Task) {})
		_ = task.Join(ended)
		for range 100 {
			want(t, "tokens", task.Select(a, b), 0)
			want(t, "one that cannot be tried comes first", task.Select(ended, a), 0)
			want(t, "and last", task.Select(a, ended), 0)
		}
		want(t, "first pending", task.Select(w.NewToken("c"), b, a), 1)
	})
}

func TestSelectLooksInOrderWhenWoken(t *testing.T) {
	inWorld(t, func(w *World, task *Task) {
		first, second, third := new(gate), w.NewToken("second"), w.NewToken("third")
		chosen := -1
		waiter := start(task, "waiter", func(task *Task) { chosen = task.Select(first, second, third) })
		first.open.Store(true)
		second.Cancel(task)
		_ = task.Join(waiter)
		want(t, "chosen", chosen, 0)
		want(t, "waiters of one that nobody woke", third.waiters.Empty(), true)
	})
}

func TestLostLockIsHandedOn(t *testing.T) {
	inWorld(t, func(w *World, task *Task) {
		m, g := w.NewMutex("m"), new(gate)
		m.Lock(task)
		loser := start(task, "loser", func(task *Task) { task.Select(g, m) })
		next := start(task, "next", func(task *Task) { m.Lock(task) })
		g.open.Store(true)
		m.Unlock(task)
		_, _ = task.Join(loser), task.Join(next)
		want(t, "locked by next", m.locked, true)
	})
}

func TestSelectOverManyOperations(t *testing.T) {
	inWorld(t, func(w *World, task *Task) {
		tokens := make([]*Token, 9)
		as := make([]Awaitable, len(tokens))
		for i := range tokens {
			tokens[i] = w.NewToken(strconv.Itoa(i))
			as[i] = tokens[i]
		}
		for round := range 2 { // parked, then at once
			chosen := -1
			body := func(task *Task) { chosen = task.Select(as...) }
			var waiter *Task
			if round == 0 {
				waiter = start(task, "waiter", body)
				tokens[7].Cancel(task)
			} else {
				waiter = task.Go("waiter", body)
			}
			_ = task.Join(waiter)
			want(t, "chosen", chosen, 7)
		}
		for i, k := range tokens {
			want(t, "waiters of "+strconv.Itoa(i), k.waiters.Empty(), true)
		}
	})
}

func TestMutexIsFair(t *testing.T) {
	inWorld(t, func(w *World, task *Task) {
		m := w.NewMutex("m")
		m.Lock(task)
		var order []int
		var tasks []*Task
		for i := range 5 {
			tasks = append(tasks, start(task, strconv.Itoa(i), func(task *Task) {
				m.Lock(task)
				order = append(order, i)
				m.Unlock(task)
			}))
		}
		m.Unlock(task)
		for _, each := range tasks {
			_ = task.Join(each)
		}
		for i, v := range order {
			want(t, "order", v, i)
		}
		want(t, "all had their turn", len(order), 5)
	})
}

func TestMutexExcludes(t *testing.T) {
	inWorld(t, func(w *World, task *Task) {
		m := w.NewMutex("m")
		count := 0 // the race detector looks at it too
		var tasks []*Task
		for i := range 4 {
			tasks = append(tasks, task.Go(strconv.Itoa(i), func(task *Task) {
				for range 500 {
					m.Lock(task)
					count++
					m.Unlock(task)
				}
			}))
		}
		for _, each := range tasks {
			_ = task.Join(each)
		}
		want(t, "count", count, 2000)
	})
}

func TestWaitList(t *testing.T) {
	var l WaitList
	ws := make([]Waiter, 4)
	for i := range ws {
		l.Push(&ws[i])
		l.Push(&ws[i]) // standing in line twice is standing once
	}
	want(t, "remove from the middle", l.Remove(&ws[1]), true)
	want(t, "remove again", l.Remove(&ws[1]), false)
	want(t, "queued", ws[1].Queued(), false)
	want(t, "remove the last", l.Remove(&ws[3]), true)
	want(t, "front", l.Front(), &ws[0])
	want(t, "pop", l.Pop(), &ws[0])
	want(t, "granted", ws[0].Granted, true)
	l.Push(&ws[1])
	want(t, "pop", l.Pop(), &ws[2])
	want(t, "pop", l.Pop(), &ws[1])
	want(t, "pop of none", l.Pop(), nil)
	want(t, "empty", l.Empty(), true)
	want(t, "not granted", ws[3].Granted, false)
}
