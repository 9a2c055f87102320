//go:build soak

package claims

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
)

func TestSoakPlantedBugs(t *testing.T) { soakBugs(t, "broker", "BR*.yaml", true) }

// soakBugs gives every bug of a target's catalogue so many trials that a miss is rarer than once in a million, by
// the rate that its scenario names: each is found by exactly what is listed there, and the reference is never
// accused.
func soakBugs(t *testing.T, target, pattern string, strict bool) {
	bugs, err := filepath.Glob(filepath.Join(root, "targets", target, "testdata", pattern))
	if err != nil || len(bugs) == 0 {
		t.Fatalf("no scenarios of bugs: %v", err)
	}
	for _, path := range bugs {
		t.Run(bugOf(path), func(t *testing.T) {
			w := open(t, path)
			w.strict = strict
			least := 0
			for _, r := range w.runs {
				for _, k := range r.must {
					least = max(least, enough(k))
				}
			}
			for _, why := range w.settle(least) {
				t.Error(why)
			}
			for _, r := range w.runs {
				for _, k := range r.must {
					t.Logf("%s: %s in %d of %d trials; named rate %.0f%%", r.variant.Name, k.Class.Text, r.showed(k.Matches), len(r.trials), 100*k.Rate)
				}
				t.Logf("%s: %d trials, %d void", r.variant.Name, len(r.trials), len(r.void))
			}
		})
	}
}

// soaked is how many trials of the reference a soak runs.
const soaked = 500

func TestSoakReferenceOnAQuietMachine(t *testing.T) { soakReference(t, false) }

func TestSoakReferenceOnABusyMachine(t *testing.T) {
	crowd(t, 4)
	soakReference(t, true)
}

// soakReference runs the reference under the load of examples/broker.yaml. None of its trials may be
// breached. On a quiet machine none may be void either; on a busy one a signal that left late makes its
// trial void, and that is then right.
func soakReference(t *testing.T, busy bool) {
	w := open(t, filepath.Join(root, "examples", "broker.yaml"))
	p := w.program
	p.Variants = nil
	for _, r := range w.runs {
		if r.variant.Name == p.Target.Reference {
			p.Variants = append(p.Variants, r.variant)
		}
	}
	run, err := rundir.Create(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	c := config
	c.Progress = func(g trial.Progress) {
		if g.Done%100 == 0 {
			t.Logf("%d of %d trials after %s: %d breached, %d void", g.Done, g.Planned, g.Elapsed.Round(time.Second), g.Breached, g.Void)
		}
	}
	folds, err := engine.RunCampaigns(inTime(t), []trial.Program{p}, []scenario.Seed{1}, batch.Budget{Trials: soaked}, c, run)
	if err != nil {
		t.Fatal(err)
	}
	fold := folds[0]
	n := fold.Trials
	for _, b := range fold.Breaches {
		t.Errorf("the reference is accused of %s in %d trials: %s\n%s", b.Class, b.Trials, b.Summary, strings.Join(b.First.Evidence, "\n"))
	}
	if n.Passed != soaked || n.Void > 0 && !busy {
		t.Errorf("%+v; void: %v", n, voids(fold))
	}
	t.Logf("%+v; void: %v; longest drain %s of %s", n, voids(fold), time.Duration(fold.Drain.MaxNS), fold.DrainLimit)
}

func voids(fold *result.Campaign) []string {
	var all []string
	for _, trial := range fold.Judged {
		if trial.Void != "" {
			all = append(all, trial.Void)
		}
	}
	return all
}

// TestSoakClaims runs every scenario of examples/claims thirty times.
func TestSoakClaims(t *testing.T) {
	for _, path := range files(t) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			w := open(t, path)
			w.strict = true
			for _, why := range w.settle(30) {
				t.Error(why)
			}
			for _, r := range w.runs {
				t.Logf("%s: %d trials, %d void, lost a trial: stage 1 %.1f, mailbox %.1f; drains %s", r.variant.Name,
					len(r.trials), len(r.void), w.lost(r.variant.Name, stage1), w.lost(r.variant.Name, mailbox), drains(r))
				for _, k := range r.must {
					t.Logf("%s: %s in %d of %d trials", r.variant.Name, k.Class.Text, r.showed(k.Matches), len(r.trials))
				}
			}
		})
	}
}

// drains says how long a variant's drains took: the shortest, the median and the longest.
func drains(r *variantRun) string {
	var all []time.Duration
	for _, trial := range r.trials {
		if trial.DrainEnded {
			all = append(all, trial.Drain)
		}
	}
	if len(all) == 0 {
		return "never ended"
	}
	slices.Sort(all)
	return fmt.Sprintf("%s, %s, %s", all[0], all[len(all)/2], all[len(all)-1])
}

func TestSoakKilledByItsScenario(t *testing.T) { killByScenario(t, 1000) }

func TestSoakKilledFromOutside(t *testing.T) { killFromOutside(t, 1000) }
