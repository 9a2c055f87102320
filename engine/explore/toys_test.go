package explore

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
)

// A toy is a program of a few tasks with one planted bug, and its correct twin.
type toy struct {
	name string
	// build returns the first task's body. It calls broken when it sees the bug; a deadlock is one too.
	build func(w *world.World, careful bool, broken func()) func(t *world.Task)
}

var toys = []toy{
	{"lost wakeup", lostWakeup},
	{"check then act", checkThenAct},
	{"close and send", closeAndSend},
	{"lock order", lockOrder},
	{"late timer", lateTimer},
}

func toyNamed(t *testing.T, name string) toy {
	t.Helper()
	for _, y := range toys {
		if y.name == name {
			return y
		}
	}
	t.Fatalf("no toy %q", name)
	return toy{}
}

// An answer is what a schedule of a toy came to.
type answer struct {
	world.SimResult
	broken bool
}

func (y toy) play(s world.Strategy, pool *world.Pool, careful bool) answer {
	a := answer{}
	w := world.NewSim(world.SimOptions{Strategy: s, Pool: pool})
	a.SimResult = w.Simulate("main", y.build(w, careful, func() { a.broken = true }))
	a.broken = a.broken || a.Ending == world.Deadlock
	return a
}

// lostWakeup waits for a counter to fall to zero with a check and then a wait: a notification between
// the two is lost.
func lostWakeup(w *world.World, careful bool, _ func()) func(t *world.Task) {
	return func(t *world.Task) {
		inFlight := w.NewAtomic("in flight", 2)
		idle := prim.NewNotify(w, "idle")
		for i := range 2 {
			t.Go(fmt.Sprintf("relay-%d", i), func(t *world.Task) {
				if inFlight.Add(t, -1) == 0 {
					idle.NotifyWaiters(t)
				}
			})
		}
		if careful {
			n := idle.Notified()
			if inFlight.Load(t) != 0 {
				t.Await(n)
			}
			return
		}
		if inFlight.Load(t) != 0 {
			idle.Wait(t)
		}
	}
}

// checkThenAct admits a message after a look at the gate, and counts what is left behind the gate.
func checkThenAct(w *world.World, careful bool, broken func()) func(t *world.Task) {
	return func(t *world.Task) {
		closed := w.NewAtomic("closed", 0)
		stored := w.NewAtomic("stored", 0)
		gate := w.NewMutex("gate")
		sender := t.Go("sender", func(t *world.Task) {
			for range 3 {
				if careful {
					gate.Lock(t)
				}
				if closed.Load(t) == 0 {
					stored.Add(t, 1)
				}
				if careful {
					gate.Unlock(t)
				}
			}
		})
		if careful {
			gate.Lock(t)
		}
		closed.Store(t, 1)
		left := stored.Load(t)
		if careful {
			gate.Unlock(t)
		}
		_ = t.Join(sender)
		if stored.Load(t) != left {
			broken()
		}
	}
}

// closeAndSend closes a queue when the flag says that the sender is done, which it says too early.
func closeAndSend(w *world.World, careful bool, broken func()) func(t *world.Task) {
	return func(t *world.Task) {
		q := prim.NewQueue[int](w, "q", 2)
		done := w.NewAtomic("done", 0)
		sender := t.Go("sender", func(t *world.Task) {
			if !careful {
				done.Store(t, 1)
			}
			if q.Send(t, 1) != nil {
				broken()
			}
			done.Store(t, 1)
		})
		if done.Load(t) == 1 {
			q.Close(t)
		}
		_ = t.Join(sender)
	}
}

// lockOrder takes two locks in either order.
func lockOrder(w *world.World, careful bool, _ func()) func(t *world.Task) {
	return func(t *world.Task) {
		a, b := w.NewMutex("a"), w.NewMutex("b")
		both := func(first, second *world.Mutex) func(t *world.Task) {
			return func(t *world.Task) {
				first.Lock(t)
				second.Lock(t)
				second.Unlock(t)
				first.Unlock(t)
			}
		}
		one := t.Go("one", both(a, b))
		second := both(b, a)
		if careful {
			second = both(a, b)
		}
		// Of one name on purpose: paths must tell them apart.
		two := t.Go("one", second)
		_, _ = t.Join(one), t.Join(two)
	}
}

// lateTimer takes a pause for long enough: the clock may move before the worker has.
func lateTimer(w *world.World, careful bool, broken func()) func(t *world.Task) {
	return func(t *world.Task) {
		done := w.NewAtomic("done", 0)
		worker := t.Go("worker", func(t *world.Task) { done.Store(t, 1) })
		for range 2 {
			t.Sleep(time.Millisecond)
		}
		if careful {
			_ = t.Join(worker)
		}
		if done.Load(t) == 0 {
			broken()
		}
	}
}

func chance(a, b int) *rand.Rand { return rand.New(rand.NewPCG(uint64(a), uint64(b))) }

func TestStrategiesFindTheToysBugs(t *testing.T) {
	schedules := 3000
	if testing.Short() {
		schedules = 500
	}
	pool := &world.Pool{}
	defer pool.Close()
	for _, info := range Strategies() {
		for _, y := range toys {
			t.Run(info.Name+"/"+y.name, func(t *testing.T) {
				hits, first := 0, -1
				for i := range schedules {
					s := func() world.Strategy { return info.New(chance(i, 1), Hints{Steps: 20}) }
					a := y.play(s(), pool, false)
					if again := y.play(s(), pool, false); again != a {
						t.Fatalf("schedule %d: %+v, then %+v", i, a, again)
					}
					if a.broken {
						hits++
						if first < 0 {
							first = i
						}
					}
					if a := y.play(s(), pool, true); a.broken || a.Ending != world.Finished {
						t.Fatalf("the correct twin, schedule %d: %+v", i, a)
					}
				}
				if first < 0 {
					t.Errorf("not found in %d schedules", schedules)
				}
				t.Logf("found by %d of %d schedules, first by %d", hits, schedules, first)
			})
		}
	}
}
