// Package claims is tests only: it holds the verdicts of docs/claims.md to measurements, and the
// scenarios that settle them to what they say. The long suites beside them (build tag soak) run every
// planted bug, the reference and kills at random moments often enough to speak of rare events.
package claims

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets"
	"github.com/racebench/racebench/targets/all"
)

const root = "../.."

var config = trial.Config{Catalog: all.Targets(), Keep: trial.KeepNone}

// TestMain lets the test binary be the child of its trials, and the load beside them.
func TestMain(m *testing.M) {
	trial.MaybeChild(config)
	if os.Getenv(busyEnv) != "" {
		beBusy()
	}
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		if err := f.Value.Set(strconv.Itoa(studiesACore * runtime.GOMAXPROCS(0))); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// studiesACore is how many studies are run at once on each core: a trial waits much longer than it computes.
const studiesACore = 2

const (
	// byChance is how rare a false alarm of one check must be.
	byChance = 1e-6
	// rare is the rate below which an entry of `known:` tolerates a breach and does not ask for it.
	rare = 0.05
	// busier is how many times as many trials an entry gets as its rate asks for: rates are those of a machine
	// that does little else. Only an entry that has not shown yet takes them.
	busier = 4
)

// A study is one scenario that is run, round by round, until it has shown what it must or for good has
// not.
type study struct {
	t       *testing.T
	name    string
	program trial.Program
	runs    []*variantRun
	seed    scenario.Seed // of the next round
	// strict says that what is listed as rare must be rare. How often a send is still under way when the
	// broker leaves is a matter of the machine, so only the soak asks, on one that does nothing else.
	strict bool
}

// A variantRun is what one variant has shown so far.
type variantRun struct {
	variant targets.Variant
	must    []scenario.Known // entries of this variant that have to show
	may     []scenario.Known // those that are rare
	trials  []result.Trial   // valid ones
	void    []string         // why others were not
	unknown []string         // breaches that the scenario does not list
}

// open reads a scenario.
func open(t *testing.T, path string) *study {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return compile(t, filepath.Base(path), string(text))
}

func compile(t *testing.T, name, text string) *study {
	t.Helper()
	s, problems := scenario.Parse(name, []byte(text), time.Now())
	if problems != nil {
		t.Fatal(problems)
	}
	p, errs := trial.Compile(s, config.Catalog)
	if len(errs) > 0 {
		t.Fatal(s.Problems(errs))
	}
	w := &study{t: t, name: name, program: p, seed: 1}
	for _, v := range p.Variants {
		r := &variantRun{variant: v}
		for _, k := range s.Known {
			here := k.Variant.Kind == spec.Null || k.Variant.Text == v.Name ||
				k.Variant.Text == "reference" && v.Name == p.Target.Reference
			switch {
			case here && k.Planted && k.Rate >= rare:
				r.must = append(r.must, k)
			case here:
				r.may = append(r.may, k)
			}
		}
		w.runs = append(w.runs, r)
	}
	return w
}

// round runs n trials of every variant that is wanted. It says whether there was one.
func (w *study) round(n int, wanted func(r *variantRun) bool) bool {
	w.t.Helper()
	p := w.program
	p.Variants = nil
	for _, r := range w.runs {
		if wanted(r) {
			p.Variants = append(p.Variants, r.variant)
		}
	}
	if len(p.Variants) == 0 {
		return false
	}
	run, err := rundir.Create(w.t.TempDir(), time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	folds, err := engine.RunCampaigns(inTime(w.t), []trial.Program{p}, []scenario.Seed{w.seed}, batch.Budget{Trials: n}, config, run)
	if err != nil {
		w.t.Fatalf("%s: %v", w.name, err)
	}
	w.seed++
	for _, fold := range folds {
		w.run(fold.Variant).add(fold)
	}
	return true
}

// inTime ends a little before the test binary would be ended (-timeout), so that a suite that is too long
// says how far it came, and ends its own children.
func inTime(t *testing.T) context.Context {
	ctx := t.Context()
	if deadline, ok := t.Deadline(); ok {
		limited, cancel := context.WithDeadline(ctx, deadline.Add(-10*time.Second))
		t.Cleanup(cancel)
		return limited
	}
	return ctx
}

// run returns what a variant has shown.
func (w *study) run(variant string) *variantRun {
	w.t.Helper()
	for _, r := range w.runs {
		if r.variant.Name == variant {
			return r
		}
	}
	w.t.Fatalf("%s does not run %s", w.name, variant)
	return nil
}

func (r *variantRun) add(fold *result.Campaign) {
	for _, trial := range fold.Judged {
		if trial.Verdict == result.Void {
			r.void = append(r.void, trial.Void)
			continue
		}
		r.trials = append(r.trials, trial)
	}
	for _, b := range fold.Breaches {
		if b.Known == "" {
			r.unknown = append(r.unknown, b.Class+": "+b.Summary)
		}
	}
}

// enough is how many trials an entry has to show in: fewer than once in a million times it is there and
// does not.
func enough(k scenario.Known) int {
	return int(math.Ceil(math.Log(byChance) / math.Log(1-min(k.Rate, 0.999))))
}

// owing returns the entries that have to show and have not.
func (r *variantRun) owing() []scenario.Known {
	return slices.DeleteFunc(slices.Clone(r.must), func(k scenario.Known) bool { return r.showed(k.Matches) > 0 })
}

// undecided says whether more trials could change what is owing.
func (r *variantRun) undecided(least int, strict bool) bool {
	if len(r.trials) < least {
		return true
	}
	return slices.ContainsFunc(r.owing(), func(k scenario.Known) bool { return len(r.trials) < busier*enough(k) }) ||
		strict && len(r.trials) < 20 && len(r.overdone()) > 0
}

// overdone returns the rare entries that are not rare: they showed in most trials.
func (r *variantRun) overdone() []scenario.Known {
	return slices.DeleteFunc(slices.Clone(r.may), func(k scenario.Known) bool { return 2*r.showed(k.Matches) <= len(r.trials) })
}

// showed is in how many trials a class was seen.
func (r *variantRun) showed(matches func(class string) bool) int {
	n := 0
	for _, trial := range r.trials {
		if slices.ContainsFunc(trial.Breaches, func(b result.Breach) bool { return matches(b.Class) }) {
			n++
		}
	}
	return n
}

// settle runs the scenario until each variant has had so many trials and shown what it must. It returns
// what speaks against the scenario's verdict.
func (w *study) settle(least int) []string {
	w.t.Helper()
	for w.round(1, func(r *variantRun) bool {
		return len(r.unknown) == 0 && len(r.void) <= 10+len(r.trials) && r.undecided(least, w.strict)
	}) {
	}
	var against []string
	for _, r := range w.runs {
		for _, b := range r.unknown {
			against = append(against, fmt.Sprintf("%s breaches what is not listed: %s", r.variant.Name, b))
		}
		for _, k := range r.owing() {
			against = append(against, fmt.Sprintf("%s does not show %s in %d trials", r.variant.Name, k.Class.Text, len(r.trials)))
		}
		if w.strict {
			for _, k := range r.overdone() {
				against = append(against, fmt.Sprintf("%s shows %s in %d of %d trials, which is not rare", r.variant.Name, k.Class.Text, r.showed(k.Matches), len(r.trials)))
			}
		}
		if len(r.trials) < least {
			against = append(against, fmt.Sprintf("%s: %d valid trials of %d; void: %v", r.variant.Name, len(r.trials), least, r.void))
		}
	}
	return against
}

// acquit fails the test when a trial of the reference was breached, in whatever round.
func (w *study) acquit() {
	w.t.Helper()
	for _, r := range w.runs {
		if r.variant.Name == w.program.Target.Reference && len(r.unknown) > 0 {
			w.t.Errorf("%s: the reference is accused: %s", w.name, strings.Join(r.unknown, "\n"))
		}
	}
}

// lost counts what a variant has lost in a trial, on average, in classes of a prefix.
func (w *study) lost(variant, prefix string) float64 {
	r, n := w.run(variant), int64(0)
	for _, trial := range r.trials {
		n += count(trial, prefix)
	}
	return float64(n) / float64(max(1, len(r.trials)))
}

// count sums the breaches of a trial in classes of a prefix.
func count(trial result.Trial, prefix string) int64 {
	var n int64
	for _, b := range trial.Breaches {
		if strings.HasPrefix(b.Class, prefix) {
			n += b.Count
		}
	}
	return n
}

// shortest is a variant's shortest drain. A busy machine makes drains longer, and none shorter.
func (w *study) shortest(variant string) time.Duration {
	least := time.Duration(math.MaxInt64)
	for _, trial := range w.run(variant).trials {
		if trial.DrainEnded {
			least = min(least, trial.Drain)
		}
	}
	return least
}
