package explore

import (
	"flag"
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
}

func (r *toyRunner) Run(_ Workload, s world.Strategy) (Outcome, error) {
	r.played++
	o, _ := r.watch(s)
	return o, nil
}

func (r *toyRunner) watch(s world.Strategy) (Outcome, *Trace) {
	trace := NewTrace()
	broken := false
	w := world.NewSim(world.SimOptions{Strategy: s, Pool: r.pool, OnStep: trace.Step})
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
			story := Tell(trace, Telling{Title: name, Facts: "proven minimal", Detours: detours(), Orders: orders, Again: "racebench replay x.replay"})
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
