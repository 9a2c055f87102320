// Package racetest runs scenarios from Go tests, against servers of the test's own module:
//
//	func TestShutdown(t *testing.T) {
//		racetest.Run(t, "testdata/shutdown.yaml", mailserver.Target())
//	}
//
// The file says what is run: the target by its name, its variants, the load, the signal, the engine and how many
// trials. The test fails as `racebench run` would: on a finding, and where nothing was tested.
package racetest

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/search"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/report"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets"
)

const (
	// seedEnv sets the seed of scenarios that name none, so that a failure can be had again.
	seedEnv = "RACEBENCH_SEED"
	// corpus is where failing schedules are kept, to be run first the next time, if the folder is there.
	corpus = "testdata/racebench"
)

// Run runs a scenario file, whose target is one of those given, and fails the test if a promise is broken, a
// threshold missed, or nothing was tested. A failure is logged as the command's own report.
//
// With `engine: real` each trial is a process: the test binary, told to run this test alone. So what stands
// before Run in the test runs in each of them, and must lead to it. What the trials leave lies in the test's
// ArtifactDir. Where the scenario has no seed one is drawn, or RACEBENCH_SEED taken, and logged.
func Run(t *testing.T, file string, known ...targets.Target) {
	t.Helper()
	c := trial.Config{Catalog: known, Build: "go test"}
	trial.MaybeChild(c)
	c.ChildArgs = []string{"-test.run=" + exactly(t.Name())}
	program, seed, err := load(file, c.Catalog)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(corpus); err == nil && info.IsDir() {
		c.Corpus = corpus
	}
	run, err := rundir.Create(t.ArtifactDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	folds, err := campaigns(t.Context(), program, seed, c, run)
	if err != nil {
		t.Fatal(err)
	}
	rep, text, err := render(folds, seed)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the same draws again: %s=%s go test -run '%s'\n%s", seedEnv, seed, exactly(t.Name()), text)
	if rep.Status() != 0 {
		t.Errorf("%s: %s", file, rep.Verdict)
	}
}

// exactly is the pattern of go test that matches the test of that name and no other.
func exactly(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

// load reads and compiles the scenario, and settles its seed.
func load(file string, known trial.Catalog) (trial.Program, scenario.Seed, error) {
	s, problems, err := scenario.ReadFile(file, time.Now())
	if err != nil {
		return trial.Program{}, 0, err
	}
	if problems != nil {
		return trial.Program{}, 0, problems
	}
	program, errs := trial.Compile(s, known)
	if len(errs) > 0 {
		return trial.Program{}, 0, s.Problems(errs)
	}
	if s.Seed != nil {
		return program, *s.Seed, nil
	}
	if text := os.Getenv(seedEnv); text != "" {
		seed, err := scenario.ParseSeed(text)
		if err != nil {
			return trial.Program{}, 0, fmt.Errorf("%s: %w", seedEnv, err)
		}
		return program, seed, nil
	}
	return program, scenario.NewSeed(), nil
}

// campaigns runs every variant in the scenario's engine. Simulated failures are made small and told.
func campaigns(ctx context.Context, p trial.Program, seed scenario.Seed, c trial.Config, run *rundir.Run) ([]*result.Campaign, error) {
	programs, seeds := []trial.Program{p}, []scenario.Seed{seed}
	if p.Scenario.Engine != scenario.Sim {
		return engine.RunCampaigns(ctx, programs, seeds, batch.Budget{}, c, run)
	}
	return search.RunSearches(ctx, programs, seeds, batch.Budget{}, c, run)
}

// render is the command's report of the results, as text.
func render(folds []*result.Campaign, seed scenario.Seed) (*result.Report, []byte, error) {
	for _, fold := range folds {
		for i := range fold.Breaches {
			fold.Breaches[i].First.Dir = "" // the command does not know the test's targets: it cannot replay
		}
	}
	rep, err := result.NewReport(folds)
	if err != nil {
		return nil, nil, err
	}
	rep.Seed = seed.String()
	for i := range rep.Results {
		rep.Results[i].Replay = ""
	}
	text, err := report.Render("text", rep, report.Options{})
	return rep, text, err
}
