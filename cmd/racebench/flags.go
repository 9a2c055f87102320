package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/racebench/racebench/engine/reach"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/report"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets"
)

// runFlags are the flags of every command that runs or judges trials.
type runFlags struct {
	seed     string
	trials   int
	forTime  time.Duration
	engine   string
	variants []string
	corpus   string
	verify   bool
	confirm  bool
	fixed    bool // no worlds are drawn
	vary     bool // worlds are drawn around those of files, too
	outputs  outputs
	asJSON   bool
	dir      string
	keep     string
	parallel int
	failFast bool
	shard    string
	timeout  time.Duration
	failOn   []string
	remotes  []string // hosts that are not this machine and may be loaded
	color    string
	progress string
	verbose  bool
	gotests  goFlags

	set *pflag.FlagSet // the command's flags; nil where there are none of run
}

// outputs are the -o flags, and the formats that they know.
type outputs struct {
	asked []string
	known []string
}

// besides run trials beside the planned ones, and return what failed of them.
type besides func(ctx context.Context, folds []*result.Campaign, run *rundir.Run) []*result.Campaign

// A preparation replaces the programs of a run before its trials, and may have made their control run.
type preparation func(ctx context.Context, e *execution) ([]trial.Program, *trial.Control, error)

// settings are a command's own decisions about its run; none of them is a flag.
type settings struct {
	engineElse   scenario.Engine                          // of scenarios that name none; empty is their own default
	within       time.Duration                            // no trial begins later; 0 is no such bound
	beside       besides                                  // a probe's trials beside the planned ones, before the report; nil is none
	onBase       func(h result.Header, class string) bool // what --fail-fast does not stop at; nil is nothing
	prepare      preparation                              // a probe looks around first; nil is no look
	keepScenario bool                                     // no file holds the scenario: it is stored with the run
}

// given reports whether the user gave a flag.
func (f *runFlags) given(flag string) bool { return f.set != nil && f.set.Changed(flag) }

// defaultDir is where run directories go.
const defaultDir = "racebench-runs"

// newRunFlags returns what flags are when a command does not have them.
func newRunFlags() runFlags {
	return runFlags{dir: defaultDir, keep: keeps[0], color: "auto", progress: "auto", outputs: outputs{known: report.Formats()}}
}

// keeps are the trials that may stay on disk: the first three of each breach class, all, none.
var keeps = []string{"failing", "all", "none"}

// register adds the flags of run.
func (f *runFlags) register(cmd *cobra.Command) {
	fs := cmd.Flags()
	f.set = fs
	f.registerSeed(fs)
	f.registerTrials(fs)
	f.registerKeep(fs)
	fs.DurationVar(&f.forTime, "for", 0, "a `TIME` for each variant instead of a number of trials")
	fs.Var(choice{&f.engine, []string{string(scenario.Real), string(scenario.Sim)}}, "engine", "the world that trials run in (default: the scenario's, else real)")
	fs.StringArrayVar(&f.variants, "variant", nil, "only the variant `NAME` (may be repeated)")
	fs.IntVarP(&f.parallel, "parallel", "p", f.parallel, "`N` trials at once: more than one disturbs real timing (default: 1, or all cores in engine sim)")
	f.registerRemote(fs)
	fs.StringVar(&f.shard, "shard", "", "run the part `I/N` of the trials, such as 2/4, or the one that the environment names (auto); racebench report merges the parts")
	f.registerProgress(fs)
	f.registerDir(fs)
	f.registerOutput(fs)
}

// registerTrials adds the flags that say how much is run.
func (f *runFlags) registerTrials(fs *pflag.FlagSet) {
	fs.IntVar(&f.trials, "trials", f.trials, "`N` trials of each variant (default: the scenario's)")
	fs.BoolVar(&f.failFast, "fail-fast", false, "stop at the first finding")
	fs.DurationVar(&f.timeout, "timeout", 0, "a `TIME` for the whole run: stop then, judge and write what ran (default: no limit)")
}

func (f *runFlags) registerRemote(fs *pflag.FlagSet) {
	fs.StringArrayVar(&f.remotes, "allow-remote", nil, "a `HOST` that is not this machine and may be loaded all the same (may be repeated)")
}

// reach is where load may go.
func (f *runFlags) reach() reach.Rule { return reach.Allowing(f.remotes...) }

func (f *runFlags) registerKeep(fs *pflag.FlagSet) {
	fs.Var(choice{&f.keep, keeps}, "keep", "which trials stay on disk; failing: the first three of each breach class")
}

func (f *runFlags) registerSeed(fs *pflag.FlagSet) {
	fs.StringVar(&f.seed, "seed", "", "where all chance comes from: a whole number `N` (default: drawn, and printed)")
}

func (f *runFlags) registerDir(fs *pflag.FlagSet) {
	fs.StringVar(&f.dir, "dir", f.dir, "the `DIR` where run directories go")
}

func (f *runFlags) registerProgress(fs *pflag.FlagSet) {
	fs.Var(choice{&f.progress, []string{"auto", "none"}}, "progress", "whether stderr shows how far the run is")
}

// registerOutput adds the flags of every command that prints a report.
func (f *runFlags) registerOutput(fs *pflag.FlagSet) {
	f.registerFailOn(fs)
	f.registerReport(fs)
}

func (f *runFlags) registerFailOn(fs *pflag.FlagSet) {
	fs.Var(choiceList{&f.failOn, failOns}, "fail-on", "what else fails, of "+strings.Join(failOns, ", "))
}

// registerReport adds the flags that say how a report looks and where it goes.
func (f *runFlags) registerReport(fs *pflag.FlagSet) {
	fs.StringArrayVarP(&f.outputs.asked, "output", "o", nil, "`FORMAT[=FILE]`, of "+strings.Join(f.outputs.known, ", ")+" (may be repeated)")
	fs.BoolVar(&f.asJSON, "json", false, "the same as -o json")
	fs.Var(choice{&f.color, []string{"auto", "always", "never"}}, "color", "whether the report on a terminal has colours")
	fs.BoolVarP(&f.verbose, "verbose", "v", false, "say more: a line for every trial, the latencies of every group")
}

// failOns are the words of --fail-on: requests on the wire when the signal struck, a metric that the trials could not
// decide, a known entry that no trial showed, a warning.
var failOns = []string{"crossed", "inconclusive", "unseen", "warnings"}

// maxParallel is the most trials at once. More would only wait for each other.
const maxParallel = 256

func (f *runFlags) check() error {
	switch {
	case f.trials < 0 || f.trials > scenario.MaxTrials || f.trials == 0 && f.given("trials"):
		return usagef("--trials %d: it must be from 1 to %d", f.trials, scenario.MaxTrials)
	case f.forTime < 0:
		return usagef("--for %s: a time cannot be negative", f.forTime)
	case f.timeout < 0:
		return usagef("--timeout %s: a time cannot be negative", f.timeout)
	case f.trials > 0 && f.forTime > 0:
		return usagef("--trials and --for exclude each other: one is a count, the other a time")
	case f.parallel < 0 || f.parallel > maxParallel || f.parallel == 0 && f.given("parallel"):
		return usagef("-p %d: it must be from 1 to %d", f.parallel, maxParallel)
	case f.dir == "":
		return usagef("--dir names no directory")
	}
	if f.seed != "" {
		if _, err := scenario.ParseSeed(f.seed); err != nil {
			return usageError{fmt.Errorf("--seed: %w", err)}
		}
	}
	if _, err := f.part(); err != nil {
		return err
	}
	to, err := f.destinations()
	if err != nil {
		return err
	}
	return checkFiles(to)
}

// withEnvironment puts the flags of RACEBENCH_FLAGS before those of a command that runs trials, so that
// what is typed wins. They are split as a shell does.
func withEnvironment(args []string, flags string) ([]string, error) {
	if len(args) == 0 || !slices.Contains([]string{"run", "fuzz", "gate"}, args[0]) {
		return args, nil
	}
	words, closed := spec.Split(flags)
	if !closed {
		return args, usagef("RACEBENCH_FLAGS: a quote in it is not closed: %s", flags)
	}
	// A count and a time exclude each other: the typed one replaces either.
	if slices.ContainsFunc(args, isBudget) {
		words = withoutBudget(words)
	}
	return slices.Concat(args[:1], words, args[1:]), nil
}

// isBudget reports whether a word is a flag that says how much is run.
func isBudget(word string) bool {
	name, _, _ := strings.Cut(word, "=")
	return name == "--trials" || name == "--for"
}

func withoutBudget(words []string) []string {
	var kept []string
	for i := 0; i < len(words); i++ {
		switch {
		case !isBudget(words[i]):
			kept = append(kept, words[i])
		case !strings.Contains(words[i], "="):
			i++ // its value
		}
	}
	return kept
}

// apply puts the flags over what the scenario says. The engine of a program for which neither says any is engineElse.
func (f *runFlags) apply(p *trial.Program, engineElse scenario.Engine) error {
	if f.seed != "" {
		seed, err := scenario.ParseSeed(f.seed)
		if err != nil {
			return usageError{fmt.Errorf("--seed: %w", err)}
		}
		p.Scenario.Seed = &seed
	}
	if scenario.Engine(f.engine) == scenario.Sim && p.Target.Traits.External {
		return usagef("--engine sim: an external program cannot be simulated; %s runs with --engine real", p.Scenario.Name)
	}
	p.Scenario.Engine = f.engineOf(p, engineElse)
	p.Rehash() // the engine shapes a trial
	if f.shard != "" && p.Scenario.Seed == nil {
		return usagef("--shard: the parts of a run need one seed: give --seed, or write one into %s", p.Scenario.Name)
	}
	if len(f.variants) == 0 {
		return nil
	}
	p.Variants = nil
	for _, name := range f.variants {
		v, ok := trial.FindVariant(p.Target, name)
		if !ok {
			return usageError{fmt.Errorf("--variant: %w", unknownVariant(p.Target, name))}
		}
		if slices.ContainsFunc(p.Variants, func(o targets.Variant) bool { return o.Name == v.Name }) {
			return usagef("--variant %s: it is named twice", name)
		}
		p.Variants = append(p.Variants, v)
	}
	return nil
}

// engineOf is the engine that a program runs in: the flag's, else what its scenario says, else the command's own
// default, which is not for external programs.
func (f *runFlags) engineOf(p *trial.Program, engineElse scenario.Engine) scenario.Engine {
	switch {
	case f.engine != "":
		return scenario.Engine(f.engine)
	case p.Scenario.EngineSet || p.Target.Traits.External || engineElse == "":
		return p.Scenario.Engine
	}
	return engineElse
}

// atOnce returns how many trials run at once: the number of -p, else one in real time, where others would disturb its
// timing, and one a core in virtual time.
func (f *runFlags) atOnce(e scenario.Engine) int {
	switch {
	case f.parallel > 0:
		return f.parallel
	case e == scenario.Sim:
		return min(runtime.GOMAXPROCS(0), maxParallel)
	}
	return 1
}

func unknownVariant(t targets.Target, name string) error {
	names := []string{scenario.Reference}
	for _, v := range t.Variants {
		names = append(names, v.Name)
	}
	return spec.Unknown(spec.Text(name), "variant of "+t.Name, names)
}

// didYouMean proposes the known word that was probably meant, if one is close.
func didYouMean(word string, known []string) string {
	if near, ok := spec.Closest(word, known); ok {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	return ""
}

// explainFlag rewords an error of the flags' parser in the words of the command line.
func explainFlag(cmd *cobra.Command, err error) error {
	see := "see " + cmd.CommandPath() + " --help"
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		name := unknown.GetSpecifiedName()
		if unknown.GetSpecifiedShortnames() != "" {
			return usagef("there is no flag -%s: %s", name, see)
		}
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, "--"+f.Name) })
		return usagef("there is no flag --%s%s: %s", name, didYouMean("--"+name, known), see)
	}
	if bad, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		if word, ok := errors.AsType[notOneOf](err); ok {
			return usagef("--%s %w", bad.GetFlag().Name, word)
		}
		return usagef("--%s %s: it takes %s", bad.GetFlag().Name, bad.GetValue(), kindOf(bad.GetFlag()))
	}
	if bare, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return usagef("--%s needs a value: %s", bare.GetFlag().Name, kindOf(bare.GetFlag()))
	}
	return usagef("%w: %s", err, see)
}

// kindOf names the values that a flag takes.
func kindOf(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "int":
		return "a whole number"
	case "duration":
		return "a time, such as 30s or 5m"
	case "bool":
		return "true or false"
	}
	switch v := f.Value.(type) {
	case choice:
		return alternatives(v.known)
	case choiceList:
		return alternatives(v.known)
	case shown:
		return alternatives(strings.Split(v.form, "|"))
	}
	_, usage := pflag.UnquoteUsage(f)
	return usage
}
