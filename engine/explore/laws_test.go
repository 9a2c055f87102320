package explore

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/racebench/racebench/engine/world"
)

// atLeast is the chance of so many hits or more in n draws of chance p.
func atLeast(hits, n int, p float64) float64 {
	below := 0.0
	for i := range hits {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(i + 1))
		c, _ := math.Lgamma(float64(n - i + 1))
		below += math.Exp(a - b - c + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return 1 - below
}

// A bug of depth d needs d orderings: the operations of two tasks from the second on take turns, d+1 of
// them, the first task's first.
func alternates(order []int, depth int) bool {
	var at [2][]int // when each task did its operations
	for i, task := range order {
		if task < 2 {
			at[task] = append(at[task], i)
		}
	}
	last := -1
	for i := range depth + 1 {
		when := at[i%2][1+i/2]
		if when < last {
			return false
		}
		last = when
	}
	return true
}

func TestPCTKeepsItsPromise(t *testing.T) {
	pool := &world.Pool{}
	defer pool.Close()
	ops := []int{4, 4, 2}
	const tasks = 4 // and the first
	deepest := 4
	if testing.Short() {
		deepest = 3
	}
	for depth := 1; depth <= deepest; depth++ {
		steps := lockFree(newRandom(chance(0, 0), Hints{}), pool, ops, nil).Steps
		promised := 1 / (tasks * math.Pow(float64(steps), float64(depth-1)))
		schedules := int(30 / promised)
		hits := 0
		for i := range schedules {
			var order []int
			s := pctOfDepth(depth)(chance(i, depth), Hints{Steps: steps})
			lockFree(s, pool, ops, func(s world.Step) { order = append(order, s.Task.ID-1) })
			if alternates(order, depth) {
				hits++
			}
		}
		p := atLeast(hits, schedules, promised)
		t.Logf("depth %d, %d steps: %d of %d, promised %.1f; p = %.2g", depth, steps, hits, schedules,
			promised*float64(schedules), p)
		if p > 0.01 {
			t.Errorf("depth %d: %d hits of %d do not show a chance of %.3g", depth, hits, schedules, promised)
		}
	}
}

// forest is a lock-free program whose second task is started on the way.
func forest(s world.Strategy, pool *world.Pool, onStep func(world.Step)) world.SimResult {
	w := world.NewSim(world.SimOptions{Strategy: s, Pool: pool, OnStep: onStep})
	a := w.NewAtomic("a", 0)
	add := func(n int) func(t *world.Task) {
		return func(t *world.Task) {
			for range n {
				a.Add(t, 1)
			}
		}
	}
	w.Go(world.Target, "parent", func(t *world.Task) {
		add(1)(t)
		t.Go("child", add(3))
		add(1)(t)
	})
	return w.Simulate("main", func(t *world.Task) { t.Await(never{}) })
}

// unevenness is the chi-square statistic of how often each of so many traces came, over its limit: a fair
// draw is above 1 once in a thousand times.
func unevenness(counts map[uint64]int, traces, n int) float64 {
	usual := float64(n) / float64(traces)
	x := usual * float64(traces-len(counts)) // of those that never came
	for _, c := range counts {
		x += (float64(c) - usual) * (float64(c) - usual) / usual
	}
	f := float64(traces - 1)
	return x / (f * math.Pow(1-2/(9*f)+3.09*math.Sqrt(2/(9*f)), 3))
}

func TestURWIsUniform(t *testing.T) {
	pool := &world.Pool{}
	defer pool.Close()
	programs := map[string]func(s world.Strategy, onStep func(world.Step)) world.SimResult{
		"apart":  func(s world.Strategy, f func(world.Step)) world.SimResult { return lockFree(s, pool, []int{5, 2}, f) },
		"forest": func(s world.Strategy, f func(world.Step)) world.SimResult { return forest(s, pool, f) },
	}
	for name, run := range programs {
		traces, _ := Exhaust(func(s world.Strategy) bool { run(s, nil); return false }, 1000, 0)
		hints, err := Estimate(2, func(s world.Strategy, f func(world.Step)) (int, error) { return run(s, f).Steps, nil })
		if err != nil {
			t.Fatal(err)
		}
		n := 300 * traces
		even, plain := map[uint64]int{}, map[uint64]int{}
		for i := range n {
			even[run(newURW(chance(i, 1), hints), nil).Hash]++
			plain[run(newRandom(chance(i, 1), hints), nil).Hash]++
		}
		u, r := unevenness(even, traces, n), unevenness(plain, traces, n)
		t.Logf("%s: %d traces; chi-square over its limit: %.2f, of the plain random walk %.1f", name, traces, u, r)
		if u > 1 {
			t.Errorf("%s: urw is not uniform: %.2f", name, u)
		}
		if r < 1 {
			t.Errorf("%s: the test cannot tell a plain random walk from a uniform one: %.2f", name, r)
		}
	}
}

// jointHash is of many schedules of every toy and strategy.
func jointHash() string {
	pool := &world.Pool{}
	defer pool.Close()
	h := uint64(14695981039346656037)
	for _, y := range toys {
		for _, info := range Strategies() {
			for i := range 100 {
				a := y.play(info.New(chance(i, 9), Hints{}), pool, i%2 == 0)
				h = (h^a.Hash)*1099511628211 ^ uint64(a.Time)
			}
		}
	}
	return fmt.Sprintf("%016x", h)
}

func TestSchedulesAreTheSameInEveryProcess(t *testing.T) {
	const child = "RACEBENCH_TEST_JOINT_HASH"
	if os.Getenv(child) != "" {
		fmt.Println("joint hash", jointHash())
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	want := jointHash()
	for _, procs := range []string{"1", "2"} {
		c := exec.Command(self, "-test.run=^"+t.Name()+"$")
		c.Env = append(os.Environ(), child+"=1", "GOMAXPROCS="+procs)
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if !strings.Contains(string(out), "joint hash "+want+"\n") {
			t.Errorf("GOMAXPROCS=%s: want %s, got\n%s", procs, want, out)
		}
	}
	t.Logf("joint hash %s", want)
}

func TestNoGoroutineIsLeft(t *testing.T) {
	schedules := 100_000
	if testing.Short() {
		schedules = 2000
	}
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	pool := &world.Pool{}
	deadlocks := 0
	for i := range schedules {
		y := toys[i%len(toys)]
		if y.play(Portfolio(i/len(toys)).New(chance(i, 3), Hints{}), pool, false).Ending == world.Deadlock {
			deadlocks++
		}
	}
	pool.Close()
	if deadlocks == 0 {
		t.Error("no task was unwound: nothing was tested")
	}
}
