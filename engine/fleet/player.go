package fleet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/search"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets"
)

// A Player plays parts of jobs on this machine.
type Player struct {
	Config trial.Config
	// AtOnce is how many trials of an engine run at once.
	AtOnce func(e scenario.Engine) int
	// Programs are those of the folder that the machine's owner has named, by the hashes of their scenarios.
	Programs map[string]trial.Program
	// Machine is this one.
	Machine result.Machine
	// Dir is where trials have their folders meanwhile.
	Dir string
}

// Folder reads the scenarios of a folder, by hash. Notes say which files are none.
func Folder(dir string, catalog trial.Catalog, now time.Time) (programs map[string]trial.Program, notes []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("read the folder of scenarios: %w", err)
	}
	programs = map[string]trial.Program{}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if ext := filepath.Ext(path); ext != ".yaml" && ext != ".yml" || e.IsDir() || e.Name() == scenario.ProjectFile {
			continue
		}
		s, problems, err := scenario.ReadFile(path, now)
		if err == nil && problems != nil {
			err = problems
		}
		if err != nil {
			notes = append(notes, strings.TrimSpace(err.Error()))
			continue
		}
		p, errs := trial.Compile(s, catalog)
		if len(errs) > 0 {
			notes = append(notes, fmt.Sprintf("%s: %s", path, strings.TrimSpace(errs.Error())))
			continue
		}
		programs[p.Hash] = p
	}
	return programs, notes, nil
}

// program is what a job tests. Of a program outside of racebench nothing but its hash is taken from the job.
func (p *Player) program(j Job) (trial.Program, error) {
	if j.Build != p.Config.Build {
		return trial.Program{}, refuse("its job is for build %.60q, and this is %s: the trials would not be the same", j.Build, p.Config.Build)
	}
	if !j.open() {
		program, ok := p.Programs[j.Hash]
		switch {
		case ok:
			return program, nil
		case p.Programs == nil:
			return program, refuse("it is of a program outside of racebench, and this worker has no folder of such (--allow DIR)")
		}
		return program, refuse("no scenario of this worker's folder has the hash %.40q", j.Hash)
	}
	s, problems := scenario.Parse("job", []byte(j.Scenario), j.Began)
	if problems != nil {
		return trial.Program{}, refuse("its scenario cannot be read: %s", strings.TrimSpace(problems.Error()))
	}
	target, ok := p.Config.Catalog.Find(s.Target.Text)
	if ok && target.Traits.External || s.External != nil {
		return trial.Program{}, refuse("its scenario names a command: a worker starts only programs of the folder that its owner has named (--allow DIR)")
	}
	program, errs := trial.Compile(s, p.Config.Catalog)
	switch {
	case len(errs) > 0:
		return program, refuse("its scenario names what this build does not have: %s", strings.TrimSpace(errs.Error()))
	case program.Target.Traits.External || program.Target.Binder != nil || program.Plain():
		return program, refuse("%s is a program outside of racebench, and this worker starts only those of the folder that its owner has named (--allow DIR)", program.Target.Name)
	case program.Hash != j.Hash:
		return program, refuse("its scenario has the hash %s, and its job says %.40q", program.Hash, j.Hash)
	case j.Example:
		program.Scenario.Source = program.Target.Example
	}
	return program, nil
}

// Prepare makes ready to play a part of a job. Its result has the form that a run stores, and no time of day: the run is
// the campaign's.
func (p *Player) Prepare(j Job, part int) (Play, error) {
	program, err := p.program(j)
	if err != nil {
		return nil, err
	}
	v, ok := trial.FindVariant(program.Target, j.Variant)
	if !ok {
		return nil, refuse("this build has no variant %.60q of %s", j.Variant, program.Target.Name)
	}
	seed, err := scenario.ParseSeed(j.Seed)
	if err != nil {
		return nil, refuse("its seed: %v", err)
	}
	if part < 1 || part > j.parts() {
		return nil, refuse("it is part %d of %d", part, j.parts())
	}
	program.Variants = []targets.Variant{v}
	return func(ctx context.Context, progress func(trial.Progress)) (*result.Report, error) {
		c := p.Config
		c.Keep, c.Corpus, c.FailFast, c.Verify, c.Progress = trial.KeepNone, "", j.FailFast, j.Verify, progress
		c.Parallel = p.AtOnce(program.Scenario.Engine)
		folds, err := p.run(ctx, program, seed, batch.Budget{Trials: j.Trials, Shard: j.shard(part)}, c)
		if large, ok := errors.AsType[*search.TooLarge](err); ok {
			return nil, refuse("%v", large)
		}
		if err != nil {
			return nil, err
		}
		r, err := reportOf(folds[0], j)
		if err == nil {
			r.Machine = p.Machine
		}
		return r, err
	}, nil
}

// PlayFirst plays the first part of a simulated row, and the kept schedules before it. Failures are what they showed. The
// result is as it comes back from storage: only such are added up.
func PlayFirst(ctx context.Context, r Row, c trial.Config) (*result.Report, []search.Failure, error) {
	c.FailFast, c.Verify, c.Progress = r.Job.FailFast, r.Job.Verify, nil
	p := r.Program
	p.Variants = []targets.Variant{r.Variant}
	folds, failures, err := search.SearchSchedules(ctx, []trial.Program{p}, []scenario.Seed{r.Seed}, batch.Budget{Trials: r.Job.Trials, Shard: r.Job.shard(1)}, c)
	if err != nil {
		return nil, nil, err
	}
	report, err := reportOf(folds[0], r.Job)
	if err != nil {
		return nil, nil, err
	}
	raw, err := report.Encode()
	if err != nil {
		return nil, nil, err
	}
	report, err = result.DecodePart(raw)
	return report, failures[0], err
}

// reportOf is the result of one row.
func reportOf(fold *result.Campaign, j Job) (*result.Report, error) {
	r, err := result.NewReport([]*result.Campaign{fold})
	if err != nil {
		return nil, err
	}
	r.Tool.Build, r.Seed, r.Command = j.Build, j.Seed, []string{}
	return r, nil
}

func (p *Player) run(ctx context.Context, program trial.Program, seed scenario.Seed, b batch.Budget, c trial.Config) ([]*result.Campaign, error) {
	programs, seeds := []trial.Program{program}, []scenario.Seed{seed}
	if program.Scenario.Engine == scenario.Sim {
		folds, _, err := search.SearchSchedules(ctx, programs, seeds, b, c)
		return folds, err
	}
	run, err := rundir.Create(p.Dir, time.Now())
	if err != nil {
		return nil, err
	}
	folds, err := engine.RunCampaigns(ctx, programs, seeds, b, c, run)
	return folds, errors.Join(err, run.Remove())
}
