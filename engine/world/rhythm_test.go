package world

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// walk is a random walk.
type walk struct{ rnd *rand.Rand }

func (s walk) Next(state *State) int { return s.rnd.IntN(len(state.Runnable)) }

// tick starts a task that does something at every beat of a periodic timer.
func tick(t *Task, name string, period time.Duration, beat func(t *Task)) *Task {
	return t.Go(name, func(t *Task) {
		timer := t.w.NewTimer("the beat of " + name)
		timer.Periodic = true
		for {
			timer.Set(period)
			t.Await(timer)
			beat(t)
		}
	})
}

func nothing(*Task) {}

// beating are worlds of periodic timers whose main task waits for what may never come. In those that end,
// a tick is what brings it.
var beating = []struct {
	name string
	ends bool
	run  func(t *Task, done *Token)
}{
	{"one idle ticker", false, func(t *Task, _ *Token) { tick(t, "a", time.Millisecond, nothing) }},
	{"three idle tickers of most different periods", false, func(t *Task, _ *Token) {
		tick(t, "a", time.Microsecond, nothing)
		tick(t, "b", time.Second, nothing)
		tick(t, "c", 1000*time.Hour, nothing)
	}},
	{"ticks that lock, look and sleep", false, func(t *Task, done *Token) {
		mu, flag := t.w.NewMutex("mu"), t.w.NewAtomic("flag", 0)
		for _, name := range []string{"a", "b"} {
			tick(t, name, time.Millisecond, func(t *Task) {
				mu.Lock(t)
				t.Sleep(100 * time.Microsecond)
				if flag.Load(t) == 1 {
					done.Cancel(t)
				}
				flag.Store(t, 0)
				mu.Unlock(t)
			})
		}
	}},
	{"a ticker beside a deadline that changes nothing", false, func(t *Task, _ *Token) {
		tick(t, "a", time.Microsecond, nothing)
		t.w.NewDeadline("a deadline", time.Hour)
	}},
	{"a ticker that gives up", false, func(t *Task, _ *Token) {
		n := 0
		tick(t, "a", time.Millisecond, func(t *Task) {
			if n++; n == 3 {
				t.Await(t.w.NewToken("never"))
			}
		})
	}},
	{"a count in an atomic", true, func(t *Task, done *Token) {
		n := t.w.NewAtomic("n", 0)
		tick(t, "idle", time.Millisecond, nothing)
		tick(t, "a", time.Millisecond, func(t *Task) {
			if n.Add(t, 1) == 100 {
				done.Cancel(t)
			}
		})
	}},
	{"a clean-up of what no operation shows", true, func(t *Task, done *Token) {
		entries := 100
		tick(t, "a", time.Millisecond, func(t *Task) {
			entries--
			t.Changed()
			if entries == 0 {
				done.Cancel(t)
			}
		})
	}},
	{"an entry that expires", true, func(t *Task, done *Token) {
		tick(t, "idle", 3*time.Millisecond, nothing)
		tick(t, "a", time.Millisecond, func(t *Task) {
			if t.Now() > 100*time.Millisecond {
				done.Cancel(t)
			}
		})
	}},
	{"a deadline far away", true, func(t *Task, done *Token) {
		limit := t.w.NewDeadline("the limit", time.Hour)
		tick(t, "a", time.Microsecond, nothing)
		t.Go("waits", func(t *Task) {
			t.Await(limit)
			done.Cancel(t)
		})
	}},
	{"a rare tick that matters beside a busy one that does not", true, func(t *Task, done *Token) {
		tick(t, "a", time.Microsecond, nothing)
		tick(t, "b", time.Hour, func(t *Task) { done.Cancel(t) })
	}},
	{"a task that a tick starts", true, func(t *Task, done *Token) {
		n := 0
		tick(t, "a", time.Millisecond, func(t *Task) {
			if n++; n <= 50 {
				t.Go(fmt.Sprint("child ", n), nothing)
			} else {
				done.Cancel(t)
			}
		})
	}},
	{"a tick that aborts and joins", true, func(t *Task, done *Token) {
		never := t.w.NewToken("never")
		var all []*Task
		for i := range 40 {
			all = append(all, t.Go(fmt.Sprint("waits ", i), func(t *Task) { t.Await(never) }))
		}
		tick(t, "a", time.Millisecond, func(t *Task) {
			if len(all) == 0 {
				done.Cancel(t)
				return
			}
			all[0].Abort(t)
			_ = t.Join(all[0])
			all = all[1:]
		})
	}},
}

func TestAWorldThatOnlyBeatsTimeIsHung(t *testing.T) {
	pool := &Pool{}
	defer pool.Close()
	for _, b := range beating {
		t.Run(b.name, func(t *testing.T) {
			for seed := range uint64(20) {
				w := NewSim(SimOptions{Strategy: walk{rand.New(rand.NewPCG(seed, 1))}, Pool: pool, MaxSteps: 20_000})
				r := w.Simulate("main", func(t *Task) {
					done := w.NewToken("done")
					b.run(t, done)
					t.Await(done)
				})
				want := Deadlock
				if b.ends {
					want = Finished
				}
				if r.Ending != want {
					t.Fatalf("seed %d: ending %d after %d steps, want %d", seed, r.Ending, r.Steps, want)
				}
			}
		})
	}
}

// A limit that the harness sets passes once the world has hung, and what its passing brings is waited for.
func TestALimitPassesInAWorldThatOnlyBeatsTime(t *testing.T) {
	w := NewSim(SimOptions{Strategy: walk{rand.New(rand.NewPCG(1, 1))}})
	asleep := 0
	r := w.Simulate("main", func(t *Task) {
		never := w.NewToken("never")
		for i := range 2 {
			tick(t, fmt.Sprint("ticker ", i), time.Second, nothing)
		}
		for range 2 {
			limit := w.NewTimer("a limit")
			limit.Idle = true
			limit.Set(time.Millisecond)
			if t.Select(never, limit) != 1 {
				return
			}
			for _, s := range w.Tasks() {
				if s.Timed {
					asleep++
				}
			}
		}
	})
	if r.Ending != Finished || asleep > 0 {
		t.Errorf("%+v, %d tasks read as asleep", r, asleep)
	}
}
