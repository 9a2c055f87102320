package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/gotest"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
)

// goFlags are the flags of fuzz that are for Go tests alone.
type goFlags struct {
	run     string
	slack   time.Duration
	race    bool
	sigterm int
}

// asGoWrites takes -run, as go test has it, for --run. As short flags it would mean nothing.
func asGoWrites(args []string) []string {
	args = slices.Clone(args)
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if arg == "-run" || strings.HasPrefix(arg, "-run=") {
			args[i] = "-" + arg
		}
	}
	return args
}

func (f *runFlags) registerGo() {
	f.set.StringVar(&f.gotests.run, "run", "", "of a Go package: only tests whose names match `REGEXP`")
	f.set.DurationVar(&f.gotests.slack, "slack", 0, "of a Go package: timers may fire early by a `TIME` in all, and what that shows fails (default: 0, and 10ms as a warning; 0: no 10ms)")
	f.set.BoolVar(&f.gotests.race, "race", false, "of a Go package: build with the race detector; what it reports is a breach")
	f.set.IntVar(&f.gotests.sigterm, "sigterm", 0, "of a Go package: `N` (1 or 2) SIGTERMs after the first signal.Notify, for tests that send none")
}

// goGiven names the first flag for Go tests that was given, or is empty.
func (f *runFlags) goGiven() string {
	for _, name := range []string{"run", "slack", "race", "sigterm"} {
		if f.given(name) {
			return name
		}
	}
	return ""
}

// goPackages says whether the arguments are folders of Go tests, and refuses a mixture.
func (a *app) goPackages(args []string, f runFlags) (bool, error) {
	packages := 0
	for _, arg := range args {
		tests, yamls := holds(arg, "*_test.go"), holds(arg, "*.yaml")
		switch {
		case a.isTarget(arg):
		case tests && yamls && !f.given("run"):
			return false, usagef("%s holds tests and scenarios: say --run REGEXP for the tests, or name a file", arg)
		case tests:
			packages++
		case !yamls && f.given("run") && isDir(arg):
			return false, usagef("%s holds no _test.go", arg)
		}
	}
	switch {
	case packages == 0 && f.goGiven() != "":
		return false, usagef("--%s is for Go tests: name a folder that holds _test.go", f.goGiven())
	case packages > 0 && packages < len(args):
		return false, usagef("Go tests and scenarios do not share a run: name them apart")
	}
	return packages > 0, nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func holds(dir, pattern string) bool {
	if !isDir(dir) {
		return false
	}
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	return err == nil && len(found) > 0
}

// checkGo refuses flags that Go tests do not have.
func (f *runFlags) checkGo() error {
	if err := f.check(); err != nil {
		return err
	}
	switch {
	case f.gotests.slack < 0:
		return usagef("--slack %s: a time cannot be negative", f.gotests.slack)
	case f.gotests.sigterm < 0 || f.gotests.sigterm > 2:
		return usagef("--sigterm %d: at most 2", f.gotests.sigterm)
	case f.engine == string(scenario.Real):
		return usagef("--engine real: Go tests run under racebench's own scheduler")
	case len(f.variants) > 0:
		return usagef("--variant: a Go test has none")
	}
	for _, name := range []string{"fixed", "vary", "verify", "confirm", "timeout"} {
		if f.given(name) {
			return usagef("--%s: this is not there for Go tests", name)
		}
	}
	return nil
}

// fuzzGo searches the tests of Go packages and prints what was found.
func (a *app) fuzzGo(ctx context.Context, dirs []string, f runFlags) error {
	if err := f.checkGo(); err != nil {
		return err
	}
	seed, err := f.goSeed()
	if err != nil {
		return err
	}
	rep, err := a.searchPackages(ctx, dirs, f, seed)
	if err != nil {
		return err
	}
	return a.finish(rep, f)
}

// goSeed is --seed, or a new one.
func (f *runFlags) goSeed() (scenario.Seed, error) {
	if f.seed == "" {
		return scenario.NewSeed(), nil
	}
	seed, err := scenario.ParseSeed(f.seed)
	if err != nil {
		return seed, usageError{fmt.Errorf("--seed: %w", err)}
	}
	return seed, nil
}

// searchPackages searches the tests of Go packages, in a run directory of its own.
func (a *app) searchPackages(ctx context.Context, dirs []string, f runFlags, seed scenario.Seed) (*result.Report, error) {
	f.parallel = f.atOnce(scenario.Sim)
	began := time.Now()
	run, err := a.newRun(f.dir, began)
	if err != nil {
		return nil, usageError{err}
	}
	var folds []*result.Campaign
	for _, dir := range dirs {
		found, err := a.searchGo(ctx, dir, f, uint64(seed), run)
		folds = append(folds, found...)
		if err != nil {
			return nil, errors.Join(err, run.Remove())
		}
	}
	rep, err := newReport(folds, a.args)
	if err != nil {
		return nil, err
	}
	rep.Started, rep.ElapsedNS, rep.Seed = began.UTC(), time.Since(began).Nanoseconds(), seed.String()
	raw, err := rep.Encode()
	if err != nil {
		return nil, err
	}
	seal(run)
	if err := run.Finish(raw); err != nil {
		return nil, err
	}
	a.warnOfUsage(f.dir)
	return rep, nil
}

func (a *app) searchGo(ctx context.Context, dir string, f runFlags, seed uint64, run *rundir.Run) ([]*result.Campaign, error) {
	say := func(text string) {
		if f.progress != "none" {
			a.stderr.Sayf("racebench: %s\n", text)
		}
	}
	say("building the tests of " + dir)
	p, err := gotest.Build(ctx, dir, gotest.Options{Race: f.gotests.race, Build: toolInfo().Build})
	switch {
	case errors.Is(err, gotest.ErrBroken), err != nil && ctx.Err() != nil:
		return nil, err
	case err != nil:
		return nil, usageError{err}
	}
	defer p.Close()
	tests, err := p.Tests(ctx, f.gotests.run)
	switch {
	case errors.Is(err, gotest.ErrNothing):
		return nil, notTestedError{err}
	case err != nil:
		return nil, usageError{err}
	}
	part, err := f.part()
	if err != nil {
		return nil, err
	}
	return p.Search(ctx, tests, gotest.Campaign{
		Budget: gotest.Budget{
			Trials: f.trials, For: f.forTime, Parallel: min(f.parallel, runtime.GOMAXPROCS(0)), FailFast: f.failFast,
			Shard: part, Punctual: part.Of > 1 || f.given("slack") && f.gotests.slack == 0,
		},
		Seed: seed, Slack: f.gotests.slack, Sigterm: f.gotests.sigterm, Build: toolInfo().Build, Run: run, Keep: f.keep != "none", Corpus: f.corpus,
		Progress: func(text string) { say("searching " + text) },
	})
}

// replayGo plays the schedule of a Go test again.
func (a *app) replayGo(ctx context.Context, path string, file *explore.File, yes bool) error {
	// A replay file that lies alone has no seal, and one beside a trial's own has not that trial's.
	dir := rundir.TrialDir(filepath.Dir(path))
	if filepath.Clean(path) != filepath.Clean(dir.Schedule()) {
		dir = rundir.TrialDir(path)
	}
	if err := a.mayStart(dir, yes, startsGo(file.Scenario)); err != nil {
		return err
	}
	r, err := gotest.Replay(ctx, file, gotest.Options{Build: toolInfo().Build})
	if err != nil {
		return usageError{fmt.Errorf("%s: %w", path, err)}
	}
	if !r.Exact() {
		return notTestedError{errors.New(path + ": " + r.String())}
	}
	for _, line := range r.File.Comments {
		a.stdout.Say(line)
	}
	a.stdout.Sayf("\n%s\n", r)
	for _, class := range slices.Sorted(slices.Values(r.Shown)) {
		a.stdout.Sayf("shows %s\n", class)
	}
	if len(r.Shown) > 0 {
		a.status = statusFinding
	}
	return nil
}
