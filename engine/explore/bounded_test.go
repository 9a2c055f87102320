package explore

import (
	"fmt"
	"maps"
	"testing"

	"github.com/racebench/racebench/engine/world"
)

// never is an Awaitable that nothing completes.
type never struct{}

func (never) Poll(*world.Waiter) bool            { return false }
func (never) Withdraw(*world.Waiter)             {}
func (never) Waits() (world.Kind, *world.Object) { return world.KindWait, nil }

// lockFree runs tasks that do so many operations each and never wait. The first task only announces that
// it waits, which is one operation more, so that the world ends when all is done.
func lockFree(s world.Strategy, pool *world.Pool, ops []int, onStep func(world.Step)) world.SimResult {
	w := world.NewSim(world.SimOptions{Strategy: s, Pool: pool, OnStep: onStep})
	for i, n := range ops {
		a := w.NewAtomic("a", 0)
		w.Go(world.Target, fmt.Sprint("task-", i), func(t *world.Task) {
			for range n {
				a.Add(t, 1)
			}
		})
	}
	return w.Simulate("main", func(t *world.Task) { t.Await(never{}) })
}

// interleavings counts the orders of so many operations of each task with at most k preemptions, by
// trying all of them.
func interleavings(left []int, last, k int) int {
	count, done := 0, true
	for i := range left {
		if left[i] == 0 {
			continue
		}
		done = false
		cost := 0
		if last >= 0 && last != i && left[last] > 0 {
			cost = 1
		}
		if cost > k {
			continue
		}
		left[i]--
		count += interleavings(left, i, k-cost)
		left[i]++
	}
	if done {
		return 1
	}
	return count
}

func TestBoundedSearchCountsWhatBruteForceCounts(t *testing.T) {
	pool := &world.Pool{}
	defer pool.Close()
	for _, ops := range [][]int{{1}, {2}, {2, 2}, {3, 1}, {4, 3}, {2, 2, 2}, {1, 1, 1, 1}} {
		for _, k := range []int{0, 1, 2, 3, 100} {
			hashes := map[uint64]bool{}
			n, complete := Exhaust(func(s world.Strategy) bool {
				hashes[lockFree(s, pool, ops, nil).Hash] = true
				return false
			}, k, 0)
			want := interleavings(append([]int{1}, ops...), -1, k)
			if n != want || !complete || len(hashes) != want {
				t.Errorf("%v with %d preemptions: %d schedules (complete: %v), %d distinct; brute force has %d",
					ops, k, n, complete, len(hashes), want)
			}
		}
	}
}

// all tries every choice at every decision, knowing nothing of defaults and preemptions.
type all struct {
	choices, of []int
	depth       int
}

func (a *all) Next(s *world.State) int {
	if a.depth == len(a.choices) {
		a.choices, a.of = append(a.choices, 0), append(a.of, len(s.Runnable))
	}
	a.depth++
	return a.choices[a.depth-1]
}

func (a *all) more() bool {
	a.depth = 0
	for i := len(a.choices) - 1; i >= 0; i-- {
		if a.choices[i]++; a.choices[i] < a.of[i] {
			return true
		}
		a.choices, a.of = a.choices[:i], a.of[:i]
	}
	return false
}

func TestUnboundedSearchMeetsEveryTraceOfTheToys(t *testing.T) {
	pool := &world.Pool{}
	defer pool.Close()
	// What a world's time is between two operations depends on who was let up to its next one: no trace.
	type outcome struct {
		hash   uint64
		broken bool
	}
	for _, y := range toys {
		for _, careful := range []bool{false, true} {
			brute := map[outcome]bool{}
			a, n := &all{}, 0
			for more := true; more; more = a.more() {
				n++
				r := y.play(a, pool, careful)
				brute[outcome{r.Hash, r.broken}] = true
			}
			bounded := map[outcome]bool{}
			m, _ := Exhaust(func(s world.Strategy) bool {
				r := y.play(s, pool, careful)
				bounded[outcome{r.Hash, r.broken}] = true
				return false
			}, 1000, 0)
			t.Logf("%s: %d schedules in all, %d of the search, %d traces", y.name, n, m, len(brute))
			if !maps.Equal(bounded, brute) {
				t.Errorf("%s (careful: %v): the search has %d traces of %d", y.name, careful, len(bounded), len(brute))
			}
		}
	}
}

func TestBoundedSearchFindsAndProves(t *testing.T) {
	pool := &world.Pool{}
	defer pool.Close()
	needs := map[string]int{"lost wakeup": 1, "check then act": 2, "close and send": 2, "lock order": 1, "late timer": 2}
	for _, y := range toys {
		least := -1
		for k := range 4 {
			n, complete := Exhaust(func(s world.Strategy) bool { return y.play(s, pool, false).broken }, k, 0)
			if !complete && least < 0 {
				least = k
				t.Logf("%s: found with %d preemptions, by schedule %d", y.name, k, n)
			}
			m, complete := Exhaust(func(s world.Strategy) bool { return y.play(s, pool, true).broken }, k, 0)
			if !complete {
				t.Errorf("%s: the correct twin was accused by schedule %d with %d preemptions", y.name, m, k)
			}
		}
		if least != needs[y.name] {
			t.Errorf("%s: found with %d preemptions, needs %d", y.name, least, needs[y.name])
		}
	}
}

func TestBoundedSearchNoticesThatAProgramDiverges(t *testing.T) {
	pool := &world.Pool{}
	defer pool.Close()
	runs := 0
	n, complete := Exhaust(func(s world.Strategy) bool {
		runs++
		lockFree(s, pool, []int{2, 2 + runs%2, 1 + runs%3}[:2+runs%2], nil)
		return false
	}, 100, 1000)
	if complete || n == 1000 {
		t.Errorf("%d schedules, complete %v", n, complete)
	}
}
