package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/search"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/report"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/secret"
	"github.com/racebench/racebench/scenario/spec"
)

func (a *app) runCommand() *cobra.Command {
	f := newRunFlags()
	cmd := &cobra.Command{
		Use:   "run [SCENARIO.yaml | TARGET[/VARIANT]]...",
		Short: "Run scenarios; the exit status is the verdict",
		Long: `Run scenarios and print what they found. Without arguments every .racebench/*.yaml,
in the time that .racebench/racebench.yaml gives them. A folder stands for every *.yaml in
it. A target's name runs its own example scenario.

Exit status: 0 nothing found, 1 a finding, 2 a usage or scenario error (nothing was
run), 3 nothing was tested, 4 racebench itself failed, 130 or 143 interrupted.`,
		Example: `  racebench run broker/timeout-drain
  racebench run examples/broker.yaml --variant reference --trials 20
  racebench run -o json=result.json .racebench/*.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			programs, err := a.programs(args, f, "")
			if err != nil {
				return err
			}
			rep, err := a.runPrograms(cmd.Context(), programs, f, settings{})
			if err != nil {
				return err
			}
			return a.finish(rep, f)
		},
	}
	f.register(cmd)
	return cmd
}

// programs resolves the arguments of run: files and names of targets, or every scenario of the project.
func (a *app) programs(args []string, f runFlags, engineElse scenario.Engine) ([]trial.Program, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if len(args) == 0 {
		if args = a.scenariosHere(); len(args) == 0 {
			return nil, nothingHere()
		}
	}
	args = a.expanded(args)
	programs, err := a.resolve(args)
	if err != nil {
		return nil, err
	}
	if args = withoutProjects(args); len(args) == 0 {
		return nil, notTestedError{fmt.Errorf("nothing to run: %s gives defaults to scenarios and is not a scenario", filepath.Join(scenario.ProjectDir, scenario.ProjectFile))}
	}
	for i := range programs {
		if programs[i].Target.Binder != nil && a.isTarget(args[i]) {
			return nil, noServerOf(args[i], cmp.Or(scenario.Engine(f.engine), engineElse))
		}
		if err := f.apply(&programs[i], engineElse); err != nil {
			return nil, err
		}
	}
	return programs, nil
}

// nothingHere says how a project gets its first scenario.
func nothingHere() error {
	return notTestedError{fmt.Errorf("nothing to run: there is no .racebench/*.yaml here; write one with %s init --from %s after a probe of your program, or with %[1]s init, or name a scenario or a target, such as broker/timeout-drain",
		me(), filepath.Join(defaultDir, "latest"))}
}

// resolve reads every argument before it gives up, so that all errors are seen in one pass.
func (a *app) resolve(args []string) ([]trial.Program, error) {
	var programs []trial.Program
	errs := a.readProjects(args)
	for _, arg := range withoutProjects(args) {
		p, err := a.program(arg)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		programs = append(programs, p)
	}
	return programs, a.refuse(errs)
}

// program makes the program of one argument. A scenario's file wins over a target of that name.
func (a *app) program(arg string) (trial.Program, error) {
	name, variant, slash := strings.Cut(arg, "/")
	target, ok := a.catalog.Find(name)
	if !ok || isFile(arg) {
		if filepath.Ext(arg) == "" && !exists(arg) {
			return trial.Program{}, a.unknownArgument(arg)
		}
		return a.load(arg)
	}
	s, problems := scenario.Parse(name, target.Example, time.Now())
	if problems != nil {
		return trial.Program{}, fmt.Errorf("example scenario of %s: %w", name, problems)
	}
	if slash {
		if _, ok := trial.FindVariant(target, variant); !ok {
			return trial.Program{}, usageError{fmt.Errorf("%s: %w", arg, unknownVariant(target, variant))}
		}
		s.Variants = []spec.Value{spec.Text(variant)}
		s.Known = nil
	}
	p, errs := trial.Compile(s, a.catalog)
	if len(errs) > 0 {
		return trial.Program{}, fmt.Errorf("example scenario of %s: %w", name, &errs)
	}
	return p, nil
}

func (a *app) unknownArgument(arg string) error {
	name, _, _ := strings.Cut(arg, "/")
	return usagef("%q is neither a scenario file nor a target%s: targets are %s",
		arg, didYouMean(name, a.catalog.Names()), strings.Join(a.catalog.Names(), ", "))
}

// noServerOf refuses the name of a target that is no server: its example only shows where to name one.
func noServerOf(arg string, asked scenario.Engine) error {
	if asked == scenario.Sim {
		return usagef("%s has no simulated world: use racebench probe", arg)
	}
	return usagef("%s names no server to run: use racebench probe, or name it in a scenario: racebench init external", arg)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// runPrograms runs everything and returns the report of what was finished, also when it was
// interrupted.
func (a *app) runPrograms(ctx context.Context, programs []trial.Program, f runFlags, s settings) (*result.Report, error) {
	if err := oneEngine(programs); err != nil {
		return nil, err
	}
	if err := checkPlaces(ctx, programs, f.reach()); err != nil {
		return nil, err
	}
	f.parallel = f.atOnce(programs[0].Scenario.Engine)
	part, err := f.part()
	if err != nil {
		return nil, err
	}
	ctx, e, err := a.execute(ctx, programs, f)
	if err != nil {
		return nil, err
	}
	e.progress.announce(programs, e.seeds, f, s)
	c := trial.Config{
		Catalog: a.catalog, Build: toolInfo().Build, Keep: keepOf(f.keep), Parallel: f.parallel,
		FailFast: f.failFast, OnBase: s.onBase, Progress: e.progress.note, Corpus: f.corpus, Verify: f.verify, Reach: f.reach(),
	}
	if s.prepare != nil {
		if programs, c.Rehearsed, err = s.prepare(ctx, e); err != nil {
			return nil, e.end(ctx, nil, err)
		}
		s.within = max(1, s.within-time.Since(e.began))
	}
	folds, err := f.campaigns(ctx, programs, e.seeds, batch.Budget{
		Trials: f.trials, For: f.forTime, Within: s.within, Whole: f.budgetOf(programs), Shard: part,
	}, c, e.run)
	if s.beside != nil && err == nil {
		folds = append(folds, s.beside(ctx, folds, e.run)...)
	}
	one := [][]*result.Campaign{folds}
	if err := e.end(ctx, one, err); err != nil {
		return nil, err
	}
	reports, err := e.store(one)
	if s.keepScenario {
		err = errors.Join(err, rundir.WriteFile(e.run.Scenario(), programs[0].Scenario.Kept(programs[0].Vocabulary).Marshal()))
	}
	if err != nil {
		return nil, err
	}
	return reports[0], nil
}

// oneEngine refuses a run in both engines: their times and counts do not belong in one table.
func oneEngine(programs []trial.Program) error {
	for _, p := range programs {
		if p.Scenario.Engine != programs[0].Scenario.Engine {
			return usagef("%s runs in engine %s and %s in engine %s, and they do not share a table: run them apart%s",
				programs[0].Scenario.Name, programs[0].Scenario.Engine, p.Scenario.Name, p.Scenario.Engine, orSayEngine(programs))
		}
	}
	return nil
}

// orSayEngine names the other remedy for mixed engines. External programs are never simulated.
func orSayEngine(programs []trial.Program) string {
	if slices.ContainsFunc(programs, func(p trial.Program) bool { return p.Target.Traits.External }) {
		return ", or say --engine real"
	}
	return ", or say --engine"
}

// campaigns runs the programs in the engine that they ask for.
func (f *runFlags) campaigns(ctx context.Context, programs []trial.Program, seeds []scenario.Seed, b batch.Budget, c trial.Config, run *rundir.Run) ([]*result.Campaign, error) {
	if programs[0].Scenario.Engine != scenario.Sim {
		return engine.RunCampaigns(ctx, programs, seeds, b, c, run)
	}
	folds, err := search.RunSearches(ctx, programs, seeds, b, c, run)
	if err != nil {
		return folds, err
	}
	noteUnreached(programs, folds, b.Shard)
	if f.confirm {
		return folds, engine.Confirm(ctx, programs, seeds, folds, c, run)
	}
	return folds, nil
}

// newReport makes the stored form of results, with what ran and where.
func newReport(folds []*result.Campaign, args []string) (*result.Report, error) {
	rep, err := result.NewReport(folds)
	if err != nil {
		return nil, err
	}
	stamp(rep, args)
	return rep, nil
}

// stamp says in a report what ran, and where.
func stamp(rep *result.Report, args []string) {
	rep.Tool, rep.Machine, rep.Started = toolInfo(), machineInfo(), time.Now().UTC()
	rep.Command = slices.Concat([]string{calledHere()}, withoutSecrets(args))
	for i := range rep.Results {
		row := &rep.Results[i]
		if dir := row.KeptDir(); dir != "" {
			row.Replay = report.ReplayCommand(rep, *row, dir)
		}
	}
}

// withoutSecrets leaves secrets out of arguments, and notes them, so that nothing else that is kept has them.
func withoutSecrets(args []string) []string {
	args = slices.Clone(args)
	for i, spans := range secret.Words(args) {
		arg := args[i]
		args[i] = secret.Replace(arg, spans, func(s secret.Span) string {
			value := arg[s.From:s.To]
			secret.Note(value, s.Name)
			return secret.Placeholder(secret.NameOf(value, s.Name))
		})
	}
	return args
}

// drawSeeds gives every program the seed it names, and those that name none the same drawn one, so that
// one number repeats the run.
func drawSeeds(programs []trial.Program) []scenario.Seed {
	seeds := make([]scenario.Seed, len(programs))
	drawn := scenario.NewSeed()
	for i, p := range programs {
		seeds[i] = drawn
		if p.Scenario.Seed != nil {
			seeds[i] = *p.Scenario.Seed
		}
	}
	return seeds
}

func keepOf(word string) trial.Keep {
	switch word {
	case "all":
		return trial.KeepAll
	case "none":
		return trial.KeepNone
	}
	return trial.KeepFailing
}
