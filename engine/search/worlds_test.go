package search_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/draw"
	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/search"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/trialtest"
	"github.com/racebench/racebench/internal/corpus"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
)

// varied is the small broker, with worlds drawn around it.
func varied(t *testing.T, variant string) trial.Program {
	t.Helper()
	text := strings.NewReplacer("VARIANT", variant, "sim: {", "sim: {vary: true, ").Replace(trialtest.SmallBroker)
	return compile(t, text+"thresholds: [max(drain) < 1ns]\nregression: {max(drain): 10%}\n")
}

func searchedWorlds(t *testing.T, variant string, trials, parallel int, shard batch.Shard) *result.Campaign {
	t.Helper()
	folds, _, err := search.SearchSchedules(t.Context(), []trial.Program{varied(t, variant)}, []scenario.Seed{3},
		batch.Budget{Trials: trials, Shard: shard}, trial.Config{Catalog: catalog, Build: "test", Parallel: parallel})
	if err != nil {
		t.Fatal(err)
	}
	return folds[0]
}

// rowOf is what a search came to but for how long it took.
func rowOf(t *testing.T, c *result.Campaign) string {
	t.Helper()
	c.ElapsedNS, c.Shard = 0, ""
	c.Finish()
	rep, err := result.NewReport([]*result.Campaign{c})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := rep.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// A search of drawn worlds is the same however many play it, and is the sum of its parts.
func TestDrawnWorldsAreTheSameForEverybody(t *testing.T) {
	const trials = 7*draw.Schedules + 11
	one := rowOf(t, searchedWorlds(t, "gate-only", trials, 1, batch.Shard{}))
	if three := rowOf(t, searchedWorlds(t, "gate-only", trials, 3, batch.Shard{})); one != three {
		t.Errorf("one worker finds\n%s\nthree find\n%s", one, three)
	}
	sum := searchedWorlds(t, "gate-only", trials, 1, batch.Shard{Number: 1, Of: 3})
	for n := 2; n <= 3; n++ {
		part := searchedWorlds(t, "gate-only", trials, 2, batch.Shard{Number: n, Of: 3})
		sum.Merge(part)
		sum.Trials.Planned += part.Trials.Planned
	}
	if got := rowOf(t, sum); got != one {
		t.Errorf("three parts find\n%s\nthe whole finds\n%s", got, one)
	}
}

// The row says how many worlds there were and what none of their schedules had; thresholds are not judged in them.
func TestARowTellsOfItsWorlds(t *testing.T) {
	fold := searchedWorlds(t, "two-phase", 10*draw.Schedules, 2, batch.Shard{})
	w := fold.Worlds
	if w == nil || w.Drawn != 10 || len(w.NotReached) == 0 || slices.Contains(w.NotReached, "op publish") {
		t.Fatalf("worlds: %+v", w)
	}
	if fold.Verdict != result.Passed || len(fold.Thresholds) > 0 {
		t.Errorf("verdict %s, thresholds %+v", fold.Verdict, fold.Thresholds)
	}
	for _, what := range []string{"thresholds are", "regression is"} {
		if !slices.ContainsFunc(fold.Notes, func(n string) bool { return strings.HasPrefix(n, what+" not judged in drawn worlds") }) {
			t.Errorf("notes %q, none of which says that %s not judged", fold.Notes, what)
		}
	}
	more := searchedWorlds(t, "two-phase", 40*draw.Schedules, 2, batch.Shard{})
	if len(more.Worlds.NotReached) >= len(w.NotReached) || more.Worlds.Void == 0 {
		t.Errorf("10 worlds leave out %q, 40 leave out %q; %d were void", w.NotReached, more.Worlds.NotReached, more.Worlds.Void)
	}
	if n := more.Trials; n.Void > n.Run {
		t.Errorf("void worlds are not replaced: %+v", n)
	}
}

// What a drawn world shows is kept with its world: the trial's folder and the replay file show it again, exactly.
func TestAFindingCarriesItsWorld(t *testing.T) {
	run, err := rundir.Create(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	m := trialtest.NewSimulator(t)
	folds, err := search.RunSearches(t.Context(), []trial.Program{varied(t, "gate-only")}, []scenario.Seed{3}, batch.Budget{For: time.Millisecond},
		trial.Config{Catalog: catalog, Build: "test"}, run)
	if err != nil || len(folds[0].Breaches) == 0 {
		t.Fatalf("%d breaches, %v", len(folds[0].Breaches), err)
	}
	for _, b := range folds[0].Breaches {
		if b.First.Dir == "" {
			continue
		}
		dir := rundir.TrialDir(b.First.Dir)
		got, err := trial.Judge(dir, trial.Config{Catalog: catalog})
		if err != nil || !slices.ContainsFunc(got.Breaches, func(o result.Breach) bool { return o.Class == b.Class }) {
			t.Errorf("%s: the folder is judged as %+v (%v)", b.Class, got.Breaches, err)
		}
		file, err := corpus.ReadSchedule(dir.Schedule())
		if err != nil {
			t.Fatal(err)
		}
		r, err := search.ReplayFile(m, file.Marshal(), catalog)
		if err != nil || !r.Exact() || !slices.Contains(r.Shown, b.Class) {
			t.Errorf("%s: %s (%v)", b.Class, r, err)
		}
		s, problems := scenario.Parse("world", []byte(file.Scenario), time.Now())
		if problems != nil || s.Sim.Vary || s.Sim.Ops == 0 {
			t.Errorf("%s: its world is written as %+v: %v", b.Class, s.Sim, problems)
		}
		if !strings.HasPrefix(b.First.Evidence[0], "world ") {
			t.Errorf("%s: the story begins with %q", b.Class, b.First.Evidence[0])
		}
	}
}

// Of a drawn world what a class does not need is taken away, and what is left shows it.
func TestADrawnWorldIsMadeSmall(t *testing.T) {
	p := varied(t, "gate-only")
	_, failures, err := search.SearchSchedules(t.Context(), []trial.Program{p}, []scenario.Seed{3}, batch.Budget{Trials: draw.Schedules},
		trial.Config{Catalog: catalog, Build: "test"})
	if err != nil || len(failures[0]) == 0 {
		t.Fatalf("%d failures, %v", len(failures[0]), err)
	}
	i := slices.IndexFunc(failures[0], func(f search.Failure) bool { return f.Class == "no-lost-message/stage1/sent-past-gate" }) // which needs one signal
	if i < 0 {
		t.Fatalf("the design's own bug is not among %d failures", len(failures[0]))
	}
	m, f := trialtest.NewSimulator(t), failures[0][i]
	small, err := search.ShrinkWorld(m, f, explore.ShrinkBudget{Steps: 400_000})
	if err != nil {
		t.Fatal(err)
	}
	s, problems := scenario.Parse("world", []byte(small.Scenario), time.Now())
	before := f.Plan.Program.Scenario
	if problems != nil || !slices.Contains(small.Classes, f.Class) || len(s.Load) > 2 || len(s.Inject) != 1 || s.Sim.Ops >= before.Sim.Ops {
		t.Errorf("%s needs %d groups and %d operations, and is left with\n%s\nwhich shows %q (%v)", f.Class, len(before.Load), before.Sim.Ops, small.Scenario, small.Classes, problems)
	}
}

// A world that spends its steps is made smaller, and is not refused.
func TestAWorldThatIsTooLargeIsMadeSmaller(t *testing.T) {
	text := strings.NewReplacer("VARIANT", "two-phase", "sim: {", "sim: {vary: true, ", "ops: 8", "ops: 400", "5000", "200").Replace(trialtest.SmallBroker)
	folds, _, err := search.SearchSchedules(t.Context(), []trial.Program{compile(t, text)}, []scenario.Seed{1},
		batch.Budget{Trials: 3 * draw.Schedules}, trial.Config{Catalog: catalog})
	if err != nil {
		t.Fatal(err)
	}
	if n := folds[0].Trials; n.Run < n.Planned/2 {
		t.Errorf("of worlds that were made smaller %+v prove something", n)
	}
}
