package search_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/search"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/trialtest"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
)

// interrupted searches a variant of the small broker until it has found something, and is then interrupted.
func interrupted(t *testing.T, variant string, c trial.Config) *result.Campaign {
	t.Helper()
	run, err := rundir.Create(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	c.Catalog, c.Build = catalog, "test"
	c.Progress = func(g trial.Progress) {
		if g.Breached > 0 {
			cancel()
		}
	}
	p := compile(t, strings.Replace(trialtest.SmallBroker, "VARIANT", variant, 1))
	folds, err := search.RunSearches(ctx, []trial.Program{p}, []scenario.Seed{1}, batch.Budget{For: time.Hour}, c, run)
	if !errors.Is(err, context.Canceled) || len(folds) != 1 || len(folds[0].Breaches) == 0 {
		t.Fatalf("%d results, %v", len(folds), err)
	}
	return folds[0]
}

// A search that is interrupted keeps what it found, and where it is kept the result says what is there.
func TestAnInterruptedSearchKeepsWhatItFound(t *testing.T) {
	fold := interrupted(t, "timeout-drain", trial.Config{})
	for _, b := range fold.Breaches {
		if b.First.Dir == "" || len(b.First.Evidence) == 0 {
			t.Errorf("%s was not kept", b.Class)
			continue
		}
		got, err := trial.Judge(rundir.TrialDir(b.First.Dir), trial.Config{Catalog: catalog})
		if err != nil {
			t.Fatal(err)
		}
		var stored result.Trial
		if raw, err := os.ReadFile(rundir.TrialDir(b.First.Dir).Verdict()); err != nil || json.Unmarshal(raw, &stored) != nil {
			t.Errorf("%s: no verdict was stored (%v)", b.Class, err)
		}
		if got.Index != b.First.Trial || got.Seed != b.First.Seed || stored.Index != got.Index || stored.Number != got.Number ||
			!slices.ContainsFunc(got.Breaches, func(o result.Breach) bool { return o.Class == b.Class }) {
			t.Errorf("%s: first is trial %d of seed %s, and its folder holds %d of seed %s: %+v", b.Class, b.First.Trial, b.First.Seed, got.Index, got.Seed, got.Breaches)
		}
		if b.First.Found != nil && (*b.First.Found == b.First.Trial || !found(fold, *b.First.Found)) {
			t.Errorf("%s: trial %d, found in %d", b.Class, b.First.Trial, *b.First.Found)
		}
	}
	rep, err := result.NewReport([]*result.Campaign{fold})
	if err != nil || rep.Results[0].Replay == "" {
		t.Errorf("nothing to replay: %v", err)
	}
}

// found says whether a trial of the search showed a breach.
func found(fold *result.Campaign, index int) bool {
	return slices.ContainsFunc(fold.Judged, func(t result.Trial) bool { return t.Index == index && len(t.Breaches) > 0 })
}

// A corpus changes only for the better: what is as small as it stays, what is larger or stale gives way.
func TestACorpusChangesForTheBetter(t *testing.T) {
	corpus := t.TempDir()
	fold := interrupted(t, "timeout-drain", trial.Config{Corpus: corpus})
	class := fold.Breaches[0].Class
	path := filepath.Join(corpus, "broker-timeout-drain-"+strings.ReplaceAll(class, "/", "-")+".replay")
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const mine = "# mine\n"
	large := string(failures(t, trialtest.NewSimulator(t), "timeout-drain", class, 1)[0].Marshal())
	for _, tc := range []struct {
		about, old string
		stays      bool
	}{
		{"the same", mine + string(kept), true},
		{"a larger one", mine + large, false},
		{"a stale one", mine + strings.Replace(string(kept), "mailbox: 2", "mailbox: 3", 1), false},
		{"one that cannot be read", mine + string(kept[:len(kept)/2]), true},
	} {
		if err := os.WriteFile(path, []byte(tc.old), 0o644); err != nil {
			t.Fatal(err)
		}
		interrupted(t, "timeout-drain", trial.Config{Corpus: corpus})
		raw, err := os.ReadFile(path)
		if stayed := string(raw) == tc.old; err != nil || stayed != tc.stays || !stayed && strings.HasPrefix(string(raw), mine) {
			t.Errorf("%s: stayed is %v, want %v (%v)", tc.about, stayed, tc.stays, err)
		}
	}
}

// searched searches variants of the small broker with a corpus.
func searched(t *testing.T, ctx context.Context, variants, corpus string, trials int) []*result.Campaign {
	t.Helper()
	run, err := rundir.Create(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	p := compile(t, strings.Replace(trialtest.SmallBroker, "VARIANT", variants, 1))
	c := trial.Config{Catalog: catalog, Build: "test", Corpus: corpus}
	folds, err := search.RunSearches(ctx, []trial.Program{p}, []scenario.Seed{1}, batch.Budget{Trials: trials}, c, run)
	if err != nil && !errors.Is(err, ctx.Err()) {
		t.Fatal(err)
	}
	return folds
}

// What a kept schedule shows is a finding that says where it comes from. It was not drawn, so it is no trial.
func TestAKeptScheduleIsNoTrial(t *testing.T) {
	corpus := t.TempDir()
	path := filepath.Join(corpus, "past-the-gate.replay")
	file := failures(t, trialtest.NewSimulator(t), "gate-only", pastGate, 1)[0]
	raw := file.Marshal()
	broken := filepath.Join(corpus, "broken.replay")
	for path, raw := range map[string][]byte{path: raw, broken: []byte("hello\n"), filepath.Join(corpus, "readme.txt"): nil} {
		if err := os.WriteFile(path, raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const trials = 2
	plain := searched(t, t.Context(), "gate-only, two-phase", "", trials)
	folds := searched(t, t.Context(), "gate-only, two-phase", corpus, trials)
	notes := 0
	for i, fold := range folds {
		if fold.Trials != plain[i].Trials || *fold.BreachRate != *plain[i].BreachRate || len(fold.Judged) != trials || fold.Judged[0].Index != 0 {
			t.Errorf("%s: %+v with a corpus, %+v without", fold.Variant, fold.Trials, plain[i].Trials)
		}
		for _, n := range fold.Notes {
			if strings.Contains(n, broken) {
				notes++
			}
		}
	}
	if notes != 1 {
		t.Errorf("the broken file is noted %d times", notes)
	}
	if len(folds[1].Breaches) > 0 || folds[1].Verdict == result.Breached {
		t.Errorf("a variant answers for another's schedule: %+v", folds[1].Breaches)
	}
	at := slices.IndexFunc(folds[0].Breaches, func(b result.RowBreach) bool { return b.Class == pastGate })
	if at < 0 || folds[0].Verdict != result.Breached {
		t.Fatalf("the kept schedule is no finding: %s, %+v", folds[0].Verdict, folds[0].Breaches)
	}
	b := folds[0].Breaches[at]
	if b.Trials != 0 || b.Count != 0 || !slices.Equal(b.Kept, []string{path}) || b.First.Found != nil || len(b.First.Evidence) == 0 {
		t.Errorf("it is told as %+v", b)
	}
	if got, err := trial.Judge(rundir.TrialDir(b.First.Dir), trial.Config{Catalog: catalog}); err != nil || got.Index != b.First.Trial || got.Index != file.Index {
		t.Errorf("its folder %s holds trial %d (%v), not %d", b.First.Dir, got.Index, err, file.Index)
	}
	if now, err := os.ReadFile(path); err != nil || string(now) != string(raw) {
		t.Errorf("the kept schedule was changed (%v)", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if folds := searched(t, ended, "gate-only", corpus, trials); len(folds[0].Breaches) > 0 {
		t.Error("kept schedules are played when all is over")
	}
}
