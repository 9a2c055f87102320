package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/custody"
	"github.com/racebench/racebench/internal/gate"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
)

// defaultProgram is where a build leaves its racebench.
const defaultProgram = "bin/racebench"

// A side is one of two builds of a server.
type side struct {
	name     string // for people
	programs []trial.Program
	program  string // the racebench that runs its trials; empty is this one
	args     []string
}

// gateSides runs base and head in turns and compares them.
func (a *app) gateSides(ctx context.Context, args []string, f gateFlags) error {
	programs, err := a.programs(args, f.runFlags, "")
	if err != nil {
		return err
	}
	if err := noPlain(programs, "there are no two builds of its server: run it on each, and compare the results"); err != nil {
		return err
	}
	for _, p := range programs {
		if p.Scenario.Engine != scenario.Real {
			return usagef("%s asks for engine %s, which runs inside this racebench: two builds are compared with --engine real", p.Scenario.Name, p.Scenario.Engine)
		}
	}
	if err := checkPlaces(ctx, programs, f.reach()); err != nil {
		return err
	}
	var sides []side
	var newHere func(scenario, variant string) bool
	var differs func(scenario string) []string
	if f.against != "" {
		tree, err := a.checkOut(ctx, f.against)
		if err != nil {
			return err
		}
		defer tree.remove()
		newHere, differs = tree.lacks(programs), tree.differs(programs)
		sides, err = a.buildBoth(ctx, tree, programs, f)
		if err != nil {
			return err
		}
	} else {
		for _, c := range []struct{ name, command string }{{"base", f.baseCmd}, {"head", f.headCmd}} {
			s, err := a.commandSide(c.name, c.command, programs)
			if err != nil {
				return err
			}
			sides = append(sides, s)
		}
	}
	reports, err := a.runInTurns(ctx, sides, f)
	if err != nil {
		return err
	}
	options := gate.Options{Base: sides[0].name, Head: sides[1].name, Interleaved: true, NewHere: newHere, Differs: differs}
	if !a.cutShort {
		options.Remedy = f.remedy() // else nobody knows that anything is wrong
	}
	c := gate.Compare(reports[0], reports[1], options)
	a.judgeComparison(c, f.runFlags)
	if err := a.printComparison(c, f.runFlags); err != nil {
		return err
	}
	a.hintArtifact(replaysOf(c))
	return nil
}

// remedy tells the user what to do when the base could not be tested.
func (f *gateFlags) remedy() string {
	switch {
	case f.against != "" && f.build == "":
		return "its tree holds what the commit holds and nothing built: --build CMD builds both"
	case f.against != "":
		return "does --build leave the program where the scenario's command looks for it?"
	}
	return "start --base-cmd by hand, and read what it says"
}

// builtIn reports whether any program is a target inside racebench, so that its build is racebench's.
func builtIn(programs []trial.Program) bool {
	return slices.ContainsFunc(programs, func(p trial.Program) bool { return !p.Target.Traits.External })
}

// commandSide is a side that a command names: the program under test, or a racebench with the target in it.
func (a *app) commandSide(name, command string, programs []trial.Program) (side, error) {
	words, closed := spec.Split(command)
	switch {
	case !closed:
		return side{}, usagef("--%s-cmd %s: a quote in this command is not closed", name, command)
	case len(words) == 0 || words[0] == "":
		return side{}, usagef("--%s-cmd is empty", name)
	}
	s := side{name: command, programs: slices.Clone(programs)}
	if builtIn(programs) {
		program, err := exec.LookPath(words[0])
		if err != nil {
			return side{}, usagef("--%s-cmd: %w", name, err)
		}
		s.program, s.args = program, words[1:]
	}
	return s, a.relocate(s.programs, func(external spec.Value) spec.Value {
		return withField(external, "command", spec.Text(command))
	})
}

// buildBoth builds the base in its own tree and the head where we are.
func (a *app) buildBoth(ctx context.Context, tree *worktree, programs []trial.Program, f gateFlags) ([]side, error) {
	sides := []side{{name: tree.baseName, programs: slices.Clone(programs)}, {name: tree.headName, programs: programs}}
	scratch := filepath.Join(tree.temp.Path(), "scratch")
	if err := os.Mkdir(scratch, 0o700); err != nil {
		return nil, fmt.Errorf("make a folder for the builds' temporary files: %w", err)
	}
	for i, dir := range []string{tree.dir, "."} {
		s := &sides[i]
		if f.build != "" {
			a.stderr.Sayf("racebench: building %s\n", s.name)
			if err := a.shell(ctx, dir, f.build, scratch); err != nil {
				return nil, fmt.Errorf("build %s: %w", s.name, err)
			}
		}
		if !builtIn(programs) {
			continue
		}
		s.program = filepath.Join(dir, f.program)
		if !isFile(s.program) {
			return nil, notTestedError{fmt.Errorf("%s has no %s: --build makes it, and --program says where", s.name, f.program)}
		}
		if abs, err := filepath.Abs(s.program); err == nil {
			s.program = abs
		}
	}
	return sides, a.relocate(sides[0].programs, func(external spec.Value) spec.Value {
		cwd, _ := external.Get("cwd")
		if filepath.IsAbs(cwd.Text) {
			return external
		}
		return withField(external, "cwd", spec.Text(filepath.Join(tree.dir, cwd.Text)))
	})
}

// relocate changes where the external programs are. Their trials keep the seeds of the scenario as it
// was written.
func (a *app) relocate(programs []trial.Program, change func(external spec.Value) spec.Value) error {
	for i, p := range programs {
		if p.Scenario.External == nil {
			continue
		}
		s := p.Scenario
		external := change(*s.External)
		s.External = &external
		moved, errs := trial.Compile(s, a.catalog)
		if len(errs) > 0 {
			return usageError{&scenarioError{s.File, s.Problems(errs)}}
		}
		moved.SeedHash, moved.Remote = p.Hash, p.Remote
		programs[i] = moved
	}
	return nil
}

// withField returns a map with one of its fields set.
func withField(v spec.Value, name string, to spec.Value) spec.Value {
	v.Fields = slices.DeleteFunc(slices.Clone(v.Fields), func(f spec.Field) bool { return f.Key.Text == name })
	v.Fields = append(v.Fields, spec.Field{Key: spec.Text(name), Value: to})
	return v
}

// shell runs a command of the user's in a tree. What it prints is not the result's. What it leaves in the folder for
// temporary files goes with scratch: a build that is killed does not tidy up.
func (a *app) shell(ctx context.Context, dir, command, scratch string) error {
	cmd := exec.Command("sh", "-c", command)
	out := hear(a.stderr)
	cmd.Env = append(os.Environ(), "TMPDIR="+scratch)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	err := custody.Run(ctx, cmd)
	out.Close()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return notTestedError{fmt.Errorf("%s: %w", command, err)}
	}
	return err
}

// runInTurns runs the programs on every side and returns a report of each. The last one is stored as the
// run's result, the first beside it.
func (a *app) runInTurns(ctx context.Context, sides []side, f gateFlags) ([]*result.Report, error) {
	f.parallel = 1 // whatever was asked for
	programs := sides[0].programs
	ctx, e, err := a.execute(ctx, programs, f.runFlags)
	if err != nil {
		return nil, err
	}
	var both []engine.Side
	for i, s := range sides {
		c := trial.Config{
			Catalog: a.catalog, Executable: s.program, ChildArgs: s.args, Build: toolInfo().Build, Keep: keepOf(f.keep), FailFast: f.failFast, Reach: f.reach(),
			Progress: func(g trial.Progress) {
				g.Variant += []string{" (base)", " (head)"}[i]
				e.progress.note(g)
			},
		}
		both = append(both, engine.Side{Programs: s.programs, Config: c})
	}
	folds, err := engine.RunInTurns(ctx, both, e.seeds, batch.Budget{Trials: f.trials, For: f.forTime, Whole: f.budgetOf(programs)}, e.run)
	for i, of := range folds {
		asWritten(of, sides[i].programs)
	}
	if err := e.end(ctx, folds, err); err != nil {
		return nil, err
	}
	return e.store(folds)
}

// asWritten names the scenario of programs that run elsewhere by the hash that it has as it was written, so
// that the stored results can be compared again.
func asWritten(folds []*result.Campaign, programs []trial.Program) {
	n := 0
	for _, p := range programs {
		for range p.Variants {
			if n < len(folds) && p.SeedHash != "" {
				folds[n].ScenarioHash = p.SeedHash
			}
			n++
		}
	}
}

// firstLine is the first line of a text, or another text when there is none.
func firstLine(text, or string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if line == "" {
		return or
	}
	return line
}
