package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/gate"
	"github.com/racebench/racebench/internal/report"
)

// defaultBaseline is where a project keeps what it has accepted.
const defaultBaseline = ".racebench/baseline.json"

// gateFlags are the flags of gate beside those of run.
type gateFlags struct {
	runFlags
	baseline         string
	update           bool
	against, build   string
	program          string
	baseCmd, headCmd string
	tests            bool // the arguments are folders of Go tests
}

func (a *app) gateCommand() *cobra.Command {
	f := gateFlags{runFlags: newRunFlags()}
	f.outputs.known = report.ComparisonFormats()
	cmd := &cobra.Command{
		Use:   "gate [HEAD.json | SCENARIO.yaml | TARGET[/VARIANT] | ./GOPACKAGE]...",
		Short: "Fail on a new breach or a regression, against a baseline or another commit",
		Long: `Compare with a base, and fail on what is worse:
  - a class of breach that the base has not shown and known: does not list
  - a breach that became more frequent
  - a threshold that does not hold
  - a metric of regression: that is worse beyond its tolerance, and not by chance

The base is a stored result (--baseline), another commit (--against, built in a
worktree of its own), or another command (--base-cmd). Commits and commands run in
turns with the head, trial by trial, on the same seeds; Go tests one after the other. The head is a stored result or
is run now; without arguments every .racebench/*.yaml.

Exit status: 0 nothing is worse, 1 something is, 2 a usage error, 3 nothing was
tested, 4 racebench itself failed.`,
		Example: `  racebench gate --against origin/main --build 'go build -o bin/racebench ./cmd/racebench'
  racebench gate ./worker --against origin/main --trials 5000
  racebench gate --update examples/broker.yaml
  racebench gate examples/broker.yaml
  racebench gate --baseline base.json head.json -o markdown=summary.md`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.checkBase(); err != nil {
				return err
			}
			var err error
			if f.tests, err = a.goPackages(args, f.runFlags); err != nil {
				return err
			}
			if f.tests {
				if err := f.readyForGo(); err != nil {
					return err
				}
			}
			switch {
			case f.tests && f.against != "":
				return a.gateGo(cmd.Context(), args, f)
			case f.against != "" || f.baseCmd != "":
				return a.gateSides(cmd.Context(), args, f)
			}
			return a.gateStored(cmd.Context(), args, f)
		},
	}
	f.register(cmd)
	f.registerGo()
	fs := cmd.Flags()
	_ = fs.MarkHidden("shard") // parts are merged before they are compared
	fs.Lookup("fail-fast").Usage = "stop, both sides, at the head's first breach that neither the base has shown nor known: lists"
	fs.StringVar(&f.baseline, "baseline", "", "the stored result `FILE` to compare with (default "+defaultBaseline+")")
	fs.BoolVar(&f.update, "update", false, "accept the head as the new baseline")
	fs.StringVar(&f.against, "against", "", "compare with the commit where this one left `REF`, such as origin/main")
	fs.StringVar(&f.build, "build", "", "the shell command `CMD` that builds either commit, run in its tree")
	fs.StringVar(&f.program, "program", defaultProgram, "the racebench that --build makes, a `PATH` in the tree: it runs the targets built into it")
	fs.StringVar(&f.baseCmd, "base-cmd", "", "the base's `CMD`: the program under test, or a racebench with the target in it")
	fs.StringVar(&f.headCmd, "head-cmd", "", "the head's `CMD`")
	return cmd
}

// checkBase refuses flags that name no base, or several.
func (f *gateFlags) checkBase() error {
	stored := f.baseline != "" || f.update
	switch {
	case (f.baseCmd == "") != (f.headCmd == ""):
		return usagef("--base-cmd and --head-cmd belong together: name both")
	case f.against != "" && f.baseCmd != "", stored && f.against != "", stored && f.baseCmd != "":
		return usagef("--baseline, --against and --base-cmd are three bases: name one")
	case f.shard != "":
		return usagef("--shard: run the parts, merge them with racebench report -o json=FILE, and gate that file")
	case f.build != "" && f.against == "":
		return usagef("--build builds the two commits of --against REF: name one, such as --against origin/main")
	}
	if f.baseline == "" {
		f.baseline = defaultBaseline
	}
	return f.check()
}

// gateStored compares with a stored result, or makes one.
func (a *app) gateStored(ctx context.Context, args []string, f gateFlags) error {
	base, err := gate.Read(ctx, f.baseline)
	switch {
	case err == nil:
	case f.update && errors.Is(err, gate.ErrNoBaseline):
		base = nil
	case f.update:
		a.stderr.Sayf("racebench: the old baseline cannot be compared with: %v\n", err)
		base = nil
	case errors.Is(err, gate.ErrNoBaseline) && len(args) == 0 && len(a.scenariosHere()) == 0:
		return nothingHere()
	case errors.Is(err, gate.ErrNoBaseline):
		return usagef("there is no baseline %s: make it with %s gate --update, or compare with a commit: --against REF", f.baseline, me())
	default:
		return usageError{err}
	}
	if f.update {
		if err := canWrite(f.baseline); err != nil {
			return err
		}
	}
	var s settings
	if base != nil {
		s.onBase = func(h result.Header, class string) bool { return gate.Shows(base, h, class) }
	}
	head, name, err := a.headOf(ctx, args, f, s)
	if err != nil {
		return err
	}
	if base == nil {
		return a.accept(head, name, f)
	}
	c := gate.Compare(base, head, gate.Options{Base: f.baseline, Head: name})
	if !f.update {
		a.judgeComparison(c, f.runFlags)
	}
	if err := a.printComparison(c, f.runFlags); err != nil {
		return err
	}
	if f.update {
		return a.accept(head, name, f)
	}
	a.hintArtifact(replaysOf(c))
	return nil
}

// readyForGo refuses flags that Go tests do not have, and gives their search a budget.
func (f *gateFlags) readyForGo() error {
	if f.trials == 0 && f.forTime == 0 {
		f.forTime = fuzzTime
	}
	if f.baseCmd != "" {
		return usagef("--base-cmd is for programs: compare Go tests with a commit (--against REF) or a stored result (--baseline)")
	}
	return f.checkGo()
}

// canWrite refuses a baseline that could not be written, before anything is run.
func canWrite(baseline string) error {
	if err := os.MkdirAll(filepath.Dir(baseline), 0o755); err != nil {
		return usagef("--baseline %s: %w", baseline, err)
	}
	if info, err := os.Stat(baseline); err == nil && info.IsDir() {
		return usagef("--baseline %s: it is a directory: name a file in it", baseline)
	}
	temp, err := os.CreateTemp(filepath.Dir(baseline), ".baseline-*")
	if err != nil {
		return usagef("--baseline %s: no file can be written there: %w", baseline, pathless(err))
	}
	_ = temp.Close()
	_ = os.Remove(temp.Name())
	return nil
}

// headOf reads the head's stored result, or runs it.
func (a *app) headOf(ctx context.Context, args []string, f gateFlags, s settings) (*result.Report, string, error) {
	if slices.ContainsFunc(args, isResult) {
		if len(args) > 1 {
			return nil, "", usagef("%s is a stored result, which is compared alone: merge several with racebench report -o json=FILE",
				args[slices.IndexFunc(args, isResult)])
		}
		head, err := a.readResult(args[0])
		return head, args[0], err
	}
	if f.tests {
		seed, err := f.goSeed()
		if err != nil {
			return nil, "", err
		}
		head, err := a.searchPackages(ctx, args, f.runFlags, seed)
		return head, "this run", err
	}
	programs, err := a.programs(args, f.runFlags, s.engineElse)
	if err != nil {
		return nil, "", err
	}
	head, err := a.runPrograms(ctx, programs, f.runFlags, s)
	return head, "this run", err
}

// isResult reports whether an argument is a stored result and not a scenario.
func isResult(arg string) bool {
	return strings.HasSuffix(arg, ".json") || exists(filepath.Join(arg, "result.json"))
}

// accept stores the head as the baseline. One that tested nothing would let everything pass as new.
func (a *app) accept(head *result.Report, name string, f gateFlags) error {
	switch {
	case a.cutShort:
		return notTestedError{fmt.Errorf("the run was ended early: %s is left as it was", f.baseline)}
	case head.Verdict == result.Untested || len(head.Results) == 0:
		return notTestedError{fmt.Errorf("%s tested nothing: %s is left as it was", name, f.baseline)}
	}
	if err := gate.Write(f.baseline, head); err != nil {
		return err
	}
	var accepted []string
	for _, row := range head.Results {
		for _, b := range row.Breaches {
			if b.Known == "" {
				accepted = append(accepted, fmt.Sprintf("%s %s/%s: %s in %d of %d trials", row.Scenario, row.Target, row.Variant, b.Class, b.Trials, row.Trials.Run))
			}
		}
	}
	a.stderr.Sayf("racebench: wrote %s: the baseline is %s from now on\n", f.baseline, name)
	if len(accepted) > 0 {
		a.stderr.Say("racebench: these breaches are on base from now on, and fail no gate:")
	}
	for _, breach := range accepted {
		a.stderr.Sayf("  %s\n", breach)
	}
	return nil
}
