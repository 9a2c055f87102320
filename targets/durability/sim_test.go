package durability_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/trialtest"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets"
	"github.com/racebench/racebench/targets/durability"
	"github.com/racebench/racebench/targets/durability/disk"
)

var target = durability.Target(disk.Disk{})

// within is in how many schedules a bug must show that its scenario provokes.
const within = 500

// few is how many of them are played with the race detector, which asks for nothing to show: it is some ten times slower.
const few = 25

func schedules() int {
	if trialtest.RaceBuild {
		return few
	}
	return within
}

// compile reads a scenario of testdata.
func compile(t *testing.T, path string) trial.Program {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, problems := scenario.Parse(path, raw, time.Now())
	if problems != nil {
		t.Fatal(problems)
	}
	p, errs := trial.Compile(s, trial.Catalog{target})
	if len(errs) > 0 {
		t.Fatal(errs.Error())
	}
	return p
}

// search runs so many schedules of a variant in the small world of a program.
func search(t *testing.T, p trial.Program, v targets.Variant, schedules int, each func(i int, trial result.Trial)) {
	t.Helper()
	m, err := trial.NewSimulator()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	small, bounds := p.Small()
	for i := range schedules {
		plan := trial.NewSmallPlan(small, bounds, v, scenario.Seed(1), i, "test")
		trial, _, err := m.Run(plan, explore.Portfolio(i).New(plan.Seed.Stream("schedule"), explore.Hints{}))
		if err != nil {
			t.Fatalf("%s, schedule %d: %v", v.Name, i, err)
		}
		each(i, trial)
	}
}

func matches(k scenario.Known, class string) bool {
	prefix, open := strings.CutSuffix(k.Class.Text, "*")
	return class == prefix || open && strings.HasPrefix(class, prefix)
}

// knownOf are the breaches that a scenario lists of a variant.
func knownOf(p trial.Program, v targets.Variant) []scenario.Known {
	var list []scenario.Known
	for _, k := range p.Scenario.Known {
		if k.Variant.Kind == spec.Null || k.Variant.Text == v.Name {
			list = append(list, k)
		}
	}
	return list
}

// TestSchedulesShowEveryBug searches the small world of every bug's scenario: what it plants shows, and
// nothing else does; of the designs that it lists as correct nothing shows.
func TestSchedulesShowEveryBug(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, path := range files {
		p := compile(t, path)
		for _, v := range p.Variants {
			t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml")+"/"+v.Name, func(t *testing.T) {
				t.Parallel()
				known := knownOf(p, v)
				shown, valid := make([]bool, len(known)), 0
				search(t, p, v, schedules(), func(i int, trial result.Trial) {
					if trial.Void == "" {
						valid++
					}
					for _, b := range trial.Breaches {
						n := slices.IndexFunc(known, func(k scenario.Known) bool { return matches(k, b.Class) })
						if n < 0 {
							t.Fatalf("schedule %d breaches what is not listed: %s\n%s", i, b.Class, strings.Join(b.Evidence, "\n"))
						}
						shown[n] = true
					}
				})
				for i, k := range known {
					if k.Rate >= 0.05 && !shown[i] && !trialtest.RaceBuild {
						t.Errorf("%s does not show in %d schedules", k.Class.Text, within)
					}
				}
				if valid < schedules()/2 {
					t.Errorf("only %d of %d schedules are valid", valid, schedules())
				}
			})
		}
	}
}

// TestAPanicEndsTheProcessOrATask plays a bug under both policies: with one a task is gone and the stop comes
// to its end; with the other the process is, and the stop with it, unless it was over.
func TestAPanicEndsTheProcessOrATask(t *testing.T) {
	for policy, exits := range map[string]bool{"panic-exit": true, "panic-contained": false} {
		p := compile(t, filepath.Join("testdata", "DH16.yaml"))
		p.Scenario.Sim.Knobs = append(p.Scenario.Sim.Knobs, spec.Field{Key: spec.Text("policy"), Value: spec.Text(policy)})
		v, _ := trial.FindVariant(p.Target, "stop-join-blocking")
		crashed, ended := 0, 0
		search(t, p, v, 100, func(_ int, trial result.Trial) {
			if trial.Verdict == result.Crashed {
				crashed++
				if trial.DrainEnded {
					ended++
				}
			}
		})
		if crashed == 0 || exits && ended > crashed/4 || !exits && ended != crashed {
			t.Errorf("%s: %d schedules crashed, and in %d of them the stop came to its end", policy, crashed, ended)
		}
	}
}

// TestTheExampleShowsEveryDesign searches the small world that `racebench fuzz durability` does: every design
// shows what it is known to breach, and what may follow from that, and no other does anything.
func TestTheExampleShowsEveryDesign(t *testing.T) {
	p := compile(t, "example.yaml")
	for _, v := range target.Variants {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			var shown []string
			search(t, p, v, schedules(), func(i int, trial result.Trial) {
				for _, b := range trial.Breaches {
					if !slices.Contains(v.Breaches, b.Invariant) && !slices.Contains(v.Also, b.Invariant) {
						t.Fatalf("schedule %d breaches %s\n%s", i, b.Class, strings.Join(b.Evidence, "\n"))
					}
					shown = append(shown, b.Invariant)
				}
			})
			for _, name := range v.Breaches {
				if !slices.Contains(shown, name) && !trialtest.RaceBuild {
					t.Errorf("%s does not show in %d schedules", name, within)
				}
			}
		})
	}
}
