package claims

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets"
)

// plantedFiles are the scenarios of planted bugs, of every target that has some.
func plantedFiles(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(root, "targets", "*", "testdata", "*.yaml"))
	if err != nil || len(all) == 0 {
		t.Fatalf("no scenarios of planted bugs: %v", err)
	}
	slices.SortFunc(all, func(a, b string) int { return compareNames(bugOf(a), bugOf(b)) })
	return all
}

// bugOf is the id of the bug that a file is about.
func bugOf(path string) string {
	base := filepath.Base(path)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// compareNames puts BR2 before BR10.
func compareNames(a, b string) int {
	number := func(s string) string {
		i := strings.IndexAny(s, "0123456789")
		if i < 0 {
			return s
		}
		digits := s[i:]
		n := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
		if n < 0 {
			n = len(digits)
		}
		return s[:i] + strings.Repeat("0", max(0, 6-n)) + digits
	}
	return strings.Compare(number(a), number(b))
}

// A smallWorld plays schedules of one variant of a study, as `racebench fuzz` does.
type smallWorld struct {
	t         *testing.T
	simulator *trial.Simulator
	program   trial.Program
	bounds    trial.SmallWorld
	variant   targets.Variant
	hints     explore.Hints
}

func newSmallWorld(w *study, v targets.Variant) *smallWorld {
	w.t.Helper()
	m, err := trial.NewSimulator()
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(m.Close)
	s := &smallWorld{t: w.t, simulator: m, variant: v}
	s.program, s.bounds = w.program.Small()
	s.hints, err = explore.Estimate(8, func(strategy world.Strategy, onStep func(world.Step)) (int, error) {
		_, r, err := m.Watch(s.plan(0, 0), strategy, onStep)
		return r.Steps, err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (s *smallWorld) plan(seed scenario.Seed, index int) trial.Plan {
	return trial.NewSmallPlan(s.program, s.bounds, s.variant, seed, index, "test")
}

// play runs one schedule of a campaign.
func (s *smallWorld) play(seed scenario.Seed, index int) result.Trial {
	s.t.Helper()
	plan := s.plan(seed, index)
	trial, _, err := s.simulator.Run(plan, explore.Portfolio(index).New(plan.Seed.Stream("schedule"), s.hints))
	if err != nil {
		s.t.Fatal(err)
	}
	return trial
}

// first counts the schedules of a campaign up to the first that shows each entry; 0 is none of the most.
func (s *smallWorld) first(seed scenario.Seed, entries []scenario.Known, most int) []int {
	s.t.Helper()
	found := make([]int, len(entries))
	for i := 0; i < most && slices.Contains(found, 0); i++ {
		for _, b := range s.play(seed, i).Breaches {
			for j, k := range entries {
				if found[j] == 0 && k.Matches(b.Class) {
					found[j] = i + 1
				}
			}
		}
	}
	return found
}

// clean fails the test at the first of so many schedules that breaches anything.
func (s *smallWorld) clean(seed scenario.Seed, schedules int) {
	s.t.Helper()
	valid := 0
	for i := range schedules {
		trial := s.play(seed, i)
		for _, b := range trial.Breaches {
			s.t.Fatalf("schedule %d of seed %s accuses the reference of %s: %s\n%s", i, seed, b.Class, b.Summary, strings.Join(b.Evidence, "\n"))
		}
		if trial.Verdict == result.Passed {
			valid++
		}
	}
	if 10*valid < schedules {
		s.t.Errorf("only %d of %d schedules of the reference proved anything", valid, schedules)
	}
}

// reference returns the known-good variant of a study.
func reference(w *study) targets.Variant {
	v, ok := trial.FindVariant(w.program.Target, w.program.Target.Reference)
	if !ok {
		w.t.Fatalf("%s has no reference", w.name)
	}
	return v
}

// within is in how many schedules a planted bug must show.
const within = 500

// hasSmallWorld says whether a scenario has one of its own, and not only its target's.
func hasSmallWorld(w *study) bool { return w.program.Scenario.Sim.At.Kind != spec.Null }

// openPlanted reads the scenario of a planted bug. One of a target that this build does not have yet, and
// one that has no small world of its own, for no schedule reaches its bug, are not for a search.
func openPlanted(t *testing.T, path string) *study {
	t.Helper()
	target := filepath.Base(filepath.Dir(filepath.Dir(path)))
	if _, ok := config.Catalog.Find(target); !ok {
		t.Skipf("this build has no target %s", target)
	}
	w := open(t, path)
	if !hasSmallWorld(w) {
		t.Skipf("%s has no small world", bugOf(path))
	}
	return w
}

// Every planted bug shows in the small world of its own scenario, and the reference beside it is clean.
func TestSchedulesShowEveryPlantedBug(t *testing.T) {
	schedules := 1000
	if testing.Short() {
		schedules = 100
	}
	t.Parallel()
	for _, path := range plantedFiles(t) {
		t.Run(bugOf(path), func(t *testing.T) {
			t.Parallel()
			w := openPlanted(t, path)
			for _, r := range w.runs {
				if len(r.must) == 0 {
					continue
				}
				for j, n := range newSmallWorld(w, r.variant).first(1, r.must, within) {
					if n == 0 {
						t.Errorf("%s does not show %s in %d schedules", r.variant.Name, r.must[j].Class.Text, within)
					}
				}
			}
			newSmallWorld(w, reference(w)).clean(1, schedules)
		})
	}
}
