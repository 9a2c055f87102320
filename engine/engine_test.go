package engine_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/trialtest"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
)

// campaign runs every variant of a scenario and returns the folded results.
func campaign(t *testing.T, text string, c trial.Config) ([]*result.Campaign, *rundir.Run) {
	t.Helper()
	c.Catalog = catalog
	run, err := rundir.Create(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	folds, err := engine.RunCampaigns(t.Context(), []trial.Program{compile(t, text)}, []scenario.Seed{7}, batch.Budget{}, c, run)
	if err != nil {
		t.Fatal(err)
	}
	return folds, run
}

func TestEveryVerdictIsReached(t *testing.T) {
	for _, tc := range []struct {
		variant string
		verdict result.Verdict
		class   string
	}{
		{"good", result.Passed, ""},
		{"loses", result.Breached, "no-lost-message/queue/server-stopped"},
		{"hangs", result.Hung, "drain-ends/server/wait-a-token-nobody-cancels"},
		{"panics", result.Crashed, "process-survives/server/panic"},
		{"exits", result.Crashed, "process-survives/process/exit-status"},
		{"leaves", result.Crashed, "process-survives/process/exit-status"},
		{"throws", result.Crashed, "process-survives/publish/panic"},
		{"stillborn", result.Crashed, "process-survives/main/panic"},
		{"leaks", result.Breached, "no-leak/straggler/wait-a-token-nobody-cancels"},
		{"absent", result.Untested, ""},
	} {
		t.Run(tc.variant, func(t *testing.T) {
			folds, _ := campaign(t, trialtest.ToyWith(tc.variant), trial.Config{})
			fold := folds[0]
			if fold.Verdict != tc.verdict {
				t.Fatalf("verdict %s, want %s; breaches %v; void %v", fold.Verdict, tc.verdict, classes(fold), voids(fold))
			}
			if tc.class != "" && !slices.Contains(classes(fold), tc.class) {
				t.Errorf("classes %v, want %s", classes(fold), tc.class)
			}
			if tc.class == "" && len(fold.Breaches) > 0 {
				t.Errorf("a correct twin is accused of %v", classes(fold))
			}
		})
	}
}

func classes(c *result.Campaign) []string {
	var all []string
	for _, b := range c.Breaches {
		all = append(all, b.Class)
	}
	return all
}

func voids(c *result.Campaign) []string {
	var all []string
	for _, t := range c.Judged {
		if t.Void != "" {
			all = append(all, t.Void)
		}
	}
	return all
}

// TestJudgeAgreesWithRun holds the two ways to a verdict together, above all where nothing was served.
func TestJudgeAgreesWithRun(t *testing.T) {
	for _, variant := range []string{"good", "loses", "stillborn", "absent", "leaves"} {
		folds, run := campaign(t, trialtest.ToyWith(variant), trial.Config{Keep: trial.KeepAll})
		dirs, err := rundir.OpenTrial(run.Path())
		if err != nil {
			t.Fatal(err)
		}
		again, err := engine.JudgeAll(dirs, trial.Config{Catalog: catalog})
		if err != nil {
			t.Fatal(err)
		}
		if folds[0].Verdict != again[0].Verdict {
			t.Errorf("%s: run says %s, judge says %s", variant, folds[0].Verdict, again[0].Verdict)
		}
	}
}

func TestFailFastGoesOnPastWhatIsKnown(t *testing.T) {
	text := strings.Replace(trialtest.ToyWith("loses"), "trials: 3", "trials: 3\nknown: [{class: no-lost-message/*, planted: true}]", 1)
	folds, _ := campaign(t, text, trial.Config{FailFast: true})
	if n := folds[0].Trials; n.Run != 3 || folds[0].Verdict != result.Known {
		t.Errorf("%+v, %s", n, folds[0].Verdict)
	}
	folds, _ = campaign(t, trialtest.ToyWith("loses"), trial.Config{FailFast: true})
	if n := folds[0].Trials; n.Run != 1 {
		t.Errorf("an unexpected breach: %+v", n)
	}
	onBase := func(h result.Header, class string) bool {
		return h.Variant == "loses" && strings.HasPrefix(class, "no-lost-message/")
	}
	folds, _ = campaign(t, trialtest.ToyWith("loses, exits, good"), trial.Config{FailFast: true, OnBase: onBase})
	if len(folds) != 2 {
		t.Fatalf("%d variants were run", len(folds))
	}
	if lost, exited := folds[0].Trials.Run, folds[1].Trials.Run; lost != 3 || exited != 1 {
		t.Errorf("%d trials of what is on base too, %d of what is not", lost, exited)
	}
}

// A trial that tested nothing is replaced, three times at most.
func TestVoidTrialsAreReplaced(t *testing.T) {
	folds, _ := campaign(t, trialtest.ToyWith("absent"), trial.Config{Keep: trial.KeepNone})
	if n := folds[0].Trials; n.Run != 0 || n.Void != 4*3 {
		t.Errorf("of three planned: %+v", n)
	}
}

func TestJudgingAgainGivesTheSameBreaches(t *testing.T) {
	folds, run := campaign(t, trialtest.ToyWith("loses"), trial.Config{Keep: trial.KeepAll})
	if len(folds[0].Breaches) == 0 {
		t.Fatal("there is nothing to judge again")
	}
	dirs, err := rundir.OpenTrial(run.Path())
	if err != nil {
		t.Fatal(err)
	}
	again, err := engine.JudgeAll(dirs, trial.Config{Catalog: catalog})
	if err != nil {
		t.Fatal(err)
	}
	if len(again[0].Breaches) != len(folds[0].Breaches) {
		t.Fatalf("judged again: %v; first: %v", classes(again[0]), classes(folds[0]))
	}
	for i, b := range folds[0].Breaches {
		o := again[0].Breaches[i]
		if o.Class != b.Class || o.Count != b.Count || o.Trials != b.Trials || !slices.Equal(o.First.Evidence, b.First.Evidence) {
			t.Errorf("judged again: %+v\nfirst: %+v", o, b)
		}
	}
}

func TestReplayReproduces(t *testing.T) {
	_, run := campaign(t, trialtest.ToyWith("loses"), trial.Config{Keep: trial.KeepAll})
	dirs, err := rundir.OpenTrial(run.Path())
	if err != nil {
		t.Fatal(err)
	}
	other, err := rundir.Create(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	trials, err := engine.Replay(t.Context(), dirs[0], 2, trial.Config{Catalog: catalog}, other, func(result.Trial) { told++ })
	if err != nil || len(trials) != 2 || told != 2 {
		t.Fatalf("%d trials, %d told, error %v", len(trials), told, err)
	}
	for _, trial := range trials {
		if trial.Verdict != result.Breached {
			t.Errorf("replay %d: %s", trial.Number, trial.Verdict)
		}
	}
	left, err := os.ReadDir(other.Path() + "/trials")
	if err == nil && len(left) > 0 {
		t.Errorf("a replay left %d directories behind", len(left))
	}
}

func TestAnInterruptionReturnsWhatIsFinished(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	run, err := rundir.Create(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	p := compile(t, strings.Replace(trialtest.ToyWith("good"), "trials: 3", "trials: 100000", 1))
	folds, err := engine.RunCampaigns(ctx, []trial.Program{p}, []scenario.Seed{7}, batch.Budget{},
		trial.Config{Catalog: catalog, Progress: func(g trial.Progress) {
			if g.Done == 2 {
				cancel()
			}
		}}, run)
	if err == nil || len(folds) != 1 || folds[0].Trials.Run < 2 {
		t.Fatalf("%d results, error %v", len(folds), err)
	}
}
