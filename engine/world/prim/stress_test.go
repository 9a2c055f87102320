package prim

import (
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"github.com/racebench/racebench/engine/world"
)

// Every value whose send was accepted is received exactly once or discarded, through any mixture of
// sends, permits, selects, aborts and a close or a drop at any moment; and everybody ends.
func TestQueueConservesValues(t *testing.T) {
	for seed := range uint64(60) {
		inWorld(t, func(w *world.World, task *world.Task) { conserve(t, w, task, seed) })
	}
}

func conserve(t *testing.T, w *world.World, task *world.Task, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	const senders, receivers, each = 6, 3, 150
	q := NewQueue[int](w, "q", r.IntN(4))
	accepted := make([]map[int]bool, senders)
	received := make([][]int, receivers)
	var tasks []*world.Task
	for s := range senders {
		accepted[s] = make(map[int]bool)
		r := rand.New(rand.NewPCG(seed, uint64(10+s)))
		tasks = append(tasks, task.Go("sender"+strconv.Itoa(s), func(task *world.Task) {
			for i := range each {
				v := s*each + i
				if put(task, q, r, v) {
					accepted[s][v] = true
				}
			}
		}))
	}
	for i := range receivers {
		tasks = append(tasks, task.Go("receiver"+strconv.Itoa(i), func(task *world.Task) {
			op := q.Receiving()
			for {
				task.Select(op)
				v, ok := op.Result()
				if !ok {
					return
				}
				received[i] = append(received[i], v)
			}
		}))
	}
	taken := disturb(task, q, r)
	var mu sync.Mutex // a permit's value is discarded on its sender's task
	var discarded []int
	if seed%3 == 0 {
		q.Drop(task, func(v int) {
			mu.Lock()
			defer mu.Unlock()
			discarded = append(discarded, v)
		})
	} else {
		q.Close(task)
	}
	for _, each := range tasks {
		if err := task.Join(each); err != nil {
			t.Errorf("seed %d: %s ended with %v", seed, each.Name(), err)
		}
	}
	account(t, seed, accepted, append(received, discarded, taken), q)
}

// put sends v in one of the ways there are.
func put(task *world.Task, q *Queue[int], r *rand.Rand, v int) bool {
	switch r.IntN(4) {
	case 0:
		return q.TrySend(task, v) == nil
	case 1:
		p, err := q.Reserve(task)
		if err != nil {
			return false
		}
		if r.IntN(4) == 0 {
			p.Release(task)
			return false
		}
		p.Send(task, v)
		return true
	default:
		return q.Send(task, v) == nil
	}
}

// disturb adds tasks that wait in the same lines and are aborted after a random while. It returns what
// they received before that.
func disturb(task *world.Task, q *Queue[int], r *rand.Rand) []int {
	var taken []int
	never := task.World().NewToken("never")
	for i := range r.IntN(60) {
		victim := task.Go("victim"+strconv.Itoa(i), func(task *world.Task) {
			if i%2 == 0 {
				p, _ := q.Reserve(task)
				p.Release(task)
				return
			}
			op := q.Receiving()
			task.Select(never, op)
			if v, ok := op.Result(); ok {
				taken = append(taken, v)
			}
		})
		for range r.IntN(20) {
			runtime.Gosched()
		}
		victim.Abort(task)
		_ = task.Join(victim)
	}
	return taken
}

func account(t *testing.T, seed uint64, accepted []map[int]bool, received [][]int, q *Queue[int]) {
	seen := make(map[int]bool)
	q.Each(func(v int) { t.Errorf("seed %d: %d is still inside", seed, v) })
	for _, list := range received {
		for _, v := range list {
			if seen[v] {
				t.Errorf("seed %d: %d came twice", seed, v)
			}
			seen[v] = true
		}
	}
	count := 0
	for _, book := range accepted {
		for v := range book {
			count++
			if !seen[v] {
				t.Errorf("seed %d: %d was accepted and lost", seed, v)
			}
		}
	}
	if count != len(seen) {
		t.Errorf("seed %d: %d accepted, %d came out", seed, count, len(seen))
	}
	if n := q.Outstanding(); n != 0 {
		t.Errorf("seed %d: %d slots leaked", seed, n)
	}
}

// A merge that is never closed from the receiving side receives every value.
func TestMergeConservesValues(t *testing.T) {
	inWorld(t, func(w *world.World, task *world.Task) {
		const sources, each, receivers = 4, 2000, 2
		m := NewMerge[int](w, "m")
		queues := make([]*Queue[int], sources)
		for i := range queues {
			queues[i] = NewQueue[int](w, "source", 1+i)
			m.Add(task, queues[i])
		}
		var tasks []*world.Task
		got := make([][]int, receivers)
		for i := range receivers {
			tasks = append(tasks, task.Go("receiver"+strconv.Itoa(i), func(task *world.Task) {
				op := m.Receiving()
				for {
					task.Select(op)
					v, _ := op.Result()
					if v < 0 {
						return
					}
					got[i] = append(got[i], v)
				}
			}))
		}
		var senders []*world.Task
		for s, q := range queues {
			senders = append(senders, task.Go("sender"+strconv.Itoa(s), func(task *world.Task) {
				for i := range each {
					_ = q.Send(task, s*each+i)
				}
			}))
		}
		for _, s := range senders {
			_ = task.Join(s)
		}
		for range receivers {
			_ = queues[0].Send(task, -1)
		}
		for _, r := range tasks {
			_ = task.Join(r)
		}
		left := 0
		for _, q := range queues {
			left += q.Len()
		}
		want(t, "received or inside", len(got[0])+len(got[1])+left, sources*each)
	})
}

// Units are neither made nor lost by tasks that acquire, give up and are aborted.
func TestSemaphoreConservesUnits(t *testing.T) {
	for seed := range uint64(20) {
		inWorld(t, func(w *world.World, task *world.Task) {
			const units = 5
			s := NewSemaphore(w, "s", units)
			used := w.NewAtomic("used", 0)
			var tasks []*world.Task
			for i := range 6 {
				r := rand.New(rand.NewPCG(seed, uint64(i)))
				tasks = append(tasks, task.Go("user"+strconv.Itoa(i), func(task *world.Task) {
					for range 300 {
						n := 1 + r.IntN(units)
						if s.Acquire(task, n) != nil {
							return
						}
						if used.Add(task, int64(n)) > units {
							t.Errorf("seed %d: more units in use than there are", seed)
						}
						used.Add(task, -int64(n))
						s.Release(task, n)
					}
				}))
			}
			for i := range 40 {
				victim := task.Go("victim"+strconv.Itoa(i), func(task *world.Task) {
					if s.Acquire(task, 3) == nil {
						s.Release(task, 3)
					}
				})
				runtime.Gosched()
				victim.Abort(task)
				_ = task.Join(victim)
			}
			if seed%2 == 0 {
				s.Close(task)
			}
			for _, user := range tasks {
				_ = task.Join(user)
			}
			want(t, "available", s.Available(), units)
		})
	}
}
