package explore

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/racebench/racebench/engine/world"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// toyClass is the class of breach of every toy.
const toyClass = "toy/broken"

// toyRunner plays the schedules of a toy; its workload cannot be made smaller.
type toyRunner struct {
	y      toy
	pool   *world.Pool
	played int
	// maxSteps bounds a schedule; 0 leaves it to the world.
	maxSteps int
}

func (r *toyRunner) Run(_ Workload, s world.Strategy) (Outcome, error) {
	r.played++
	o, _ := r.watch(s)
	return o, nil
}

func (r *toyRunner) watch(s world.Strategy) (Outcome, *Trace) {
	trace := NewTrace()
	broken := false
	w := world.NewSim(world.SimOptions{Strategy: s, Pool: r.pool, OnStep: trace.Step, MaxSteps: r.maxSteps})
	o := Outcome{Result: w.Simulate("main", r.y.build(w, false, func() { broken = true }))}
	if broken || o.Result.Ending == world.Deadlock {
		o.Classes = []string{toyClass}
	}
	o.Switches = trace.Switches()
	return o, trace
}

// failing returns the i-th failing schedule of a toy.
func (r *toyRunner) failing(t *testing.T, i int) Failing {
	t.Helper()
	for seed := range 20_000 {
		recorder := Record(Portfolio(seed).New(chance(seed, 3), Hints{}))
		if o, _ := r.Run(Workload{}, recorder); len(o.Classes) > 0 {
			if i == 0 {
				return Failing{Deviations: recorder.Deviations()}
			}
			i--
		}
	}
	t.Fatal("no failing schedule")
	return Failing{}
}

func (r *toyRunner) fails(d []Deviation) bool {
	o, _ := r.Run(Workload{}, Replay(d))
	return slices.Contains(o.Classes, toyClass)
}

func TestShrinkingEndsInTheLeastSchedule(t *testing.T) {
	least := map[string]int{ // preemptions
		"lost wakeup": 1, "check then act": 2, "close and send": 2, "lock order": 1, "late timer": 2,
	}
	pool := &world.Pool{}
	defer pool.Close()
	for _, y := range toys {
		t.Run(y.name, func(t *testing.T) {
			r := &toyRunner{y: y, pool: pool}
			for i := range 5 {
				s, err := Shrink(r, toyClass, r.failing(t, i), ShrinkBudget{})
				if err != nil {
					t.Fatal(err)
				}
				if !r.fails(s.Deviations) {
					t.Fatalf("failure %d: what is left does not fail: %v", i, s.Deviations)
				}
				if s.Cost.Preemptions != least[y.name] || !s.Proven {
					t.Errorf("failure %d: %+v, proven %v, after %d replays", i, s.Cost, s.Proven, s.Replays)
				}
				for j := range s.Deviations {
					if r.fails(slices.Delete(slices.Clone(s.Deviations), j, j+1)) {
						t.Errorf("failure %d: %s is not needed", i, s.Deviations[j])
					}
				}
			}
		})
	}
}

func TestShrinkingKeepsToItsBudget(t *testing.T) {
	pool := &world.Pool{}
	defer pool.Close()
	r := &toyRunner{y: toyNamed(t, "lock order"), pool: pool}
	start := r.failing(t, 0)
	for _, budget := range []int{1, 2, 10} {
		r.played = 0
		s, err := Shrink(r, toyClass, start, ShrinkBudget{Replays: budget})
		if err != nil || r.played > budget || s.Replays != r.played {
			t.Errorf("%d replays of %d, told %d, error %v", r.played, budget, s.Replays, err)
		}
		if !r.fails(s.Deviations) {
			t.Errorf("with %d replays: what is left does not fail", budget)
		}
		if budget < 3 && s.Proven {
			t.Errorf("proven in %d replays", budget)
		}
	}
}

// crowd is a lost wake-up among tasks that have nothing to do with it: the orders in which they go on are more
// than an exhaustion tries.
func crowd(w *world.World, careful bool, broken func()) func(t *world.Task) {
	lost := lostWakeup(w, careful, broken)
	return func(t *world.Task) {
		for i := range 8 {
			alone := w.NewAtomic(fmt.Sprintf("step of %d", i), 0)
			t.Go(fmt.Sprintf("bystander-%d", i), func(t *world.Task) { alone.Store(t, 1) })
		}
		lost(t)
	}
}

// spinning is a lost wake-up beside a task that never waits: unless it is preempted, nobody else goes on.
func spinning(w *world.World, careful bool, broken func()) func(t *world.Task) {
	lost := lostWakeup(w, careful, broken)
	return func(t *world.Task) {
		over := w.NewAtomic("over", 0)
		t.Go("setter", func(t *world.Task) { over.Store(t, 1) })
		t.Go("spinner", func(t *world.Task) {
			for over.Load(t) == 0 {
			}
		})
		lost(t)
	}
}

// What was not played to its end proves nothing, whatever ended it.
func TestOnlyAWholeExhaustionProves(t *testing.T) {
	pool := &world.Pool{}
	defer pool.Close()
	shrink := func(y toy, maxSteps int, b ShrinkBudget) Shrunk {
		t.Helper()
		r := &toyRunner{y: y, pool: pool, maxSteps: maxSteps}
		s, err := Shrink(r, toyClass, r.failing(t, 0), b)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	lost := toyNamed(t, "lost wakeup")
	whole := shrink(lost, 0, ShrinkBudget{})
	for _, tc := range []struct {
		name     string
		toy      toy
		maxSteps int
		budget   ShrinkBudget
		proven   bool
		proof    string
	}{
		{"as many schedules as it takes", lost, 0, ShrinkBudget{Replays: whole.Replays}, true, "no schedule with fewer fails"},
		{"one schedule less", lost, 0, ShrinkBudget{Replays: whole.Replays - 1}, false, "fewer not ruled out"},
		{"more orders than are tried", toy{"crowd", crowd}, 0, ShrinkBudget{}, false, "fewer not ruled out"},
		{"a schedule without an end", toy{"spinning", spinning}, 200, ShrinkBudget{}, false, "fewer not ruled out"},
	} {
		s := shrink(tc.toy, tc.maxSteps, tc.budget)
		if s.Cost.Preemptions != 1 || s.Proven != tc.proven || s.Proof() != tc.proof {
			t.Errorf("%s: %+v, proven %v: %s", tc.name, s.Cost, s.Proven, s.Proof())
		}
		if tc.budget.Replays == 0 && (s.Replays >= defaultReplays || s.Steps >= MaxShrinkSteps) {
			t.Errorf("%s: the whole budget was spent: %d replays, %d steps", tc.name, s.Replays, s.Steps)
		}
	}
	if s := (Shrunk{Proven: true}); s.Proof() != "" {
		t.Errorf("of a schedule without a preemption it says %q", s.Proof())
	}
}

func TestTheStoriesOfToys(t *testing.T) {
	pool := &world.Pool{}
	defer pool.Close()
	for _, name := range []string{"lost wakeup", "lock order", "late timer"} {
		t.Run(name, func(t *testing.T) {
			r := &toyRunner{y: toyNamed(t, name), pool: pool}
			s, err := Shrink(r, toyClass, r.failing(t, 0), ShrinkBudget{})
			if err != nil {
				t.Fatal(err)
			}
			strategy, detours := NoteDetours(s.Deviations)
			_, trace := r.watch(strategy)
			orders, err := FindOrders(trace, detours(), func(d []Deviation) (Replica, error) {
				recorder := Record(Replay(d))
				o, moved := r.watch(recorder)
				return Replica{len(o.Classes) > 0, recorder.Deviations(), moved}, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			story := Tell(trace, Telling{Title: name, Facts: s.Proof(), Detours: detours(), Orders: orders, Again: "racebench replay x.replay"})
			path := "testdata/story-" + strings.ReplaceAll(name, " ", "-") + ".txt"
			if *update {
				if err := os.WriteFile(path, []byte(story.Text()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), story.Text()); d != "" {
				t.Errorf("%s: (-want +got)\n%s", path, d)
			}
		})
	}
}
