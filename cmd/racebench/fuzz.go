package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
)

// fuzzTime is how long a variant is searched when nothing else is said.
const fuzzTime = 30 * time.Second

// defaultCorpus is where failing schedules are kept if the folder is there.
const defaultCorpus = "testdata/racebench"

func (a *app) fuzzCommand() *cobra.Command {
	f := newRunFlags()
	cmd := &cobra.Command{
		Use:   "fuzz [SCENARIO.yaml | TARGET[/VARIANT] | ./GOPACKAGE]...",
		Short: "Search simulated schedules for breaches; the same seed finds the same breach again",
		Long: `Search for breaches in simulated worlds: the same server and the same clients, under
racebench's own scheduler. It decides before every step which task goes on, and when the
signal strikes, so every schedule can come up. A target's name means all its variants, in
small worlds that are drawn one after the other: settings, load, and what strikes when. A
file's world is played as it is, unless --vary draws worlds around it.

Three things are searched with real signals instead, at random moments: a scenario that
says engine: real, an external program, and everything with --engine real.

A folder that holds _test.go is a Go package: each of its tests is played under
racebench's scheduler as it is, one result a test. Nothing has to be written for it.

Without --trials or --for each variant is searched for 30 s. The exit status is that
of run.`,
		Example: `  racebench fuzz broker --for 5s
  racebench fuzz broker/gate-only --trials 20000 --seed 7
  racebench fuzz examples/broker.yaml --variant reference --for 1m
  racebench fuzz broker/timeout-drain --engine real --trials 50
  racebench fuzz ./worker --run TestStop --for 10s`,
		RunE: func(cmd *cobra.Command, args []string) error {
			s := settings{engineElse: scenario.Sim}
			if f.trials == 0 && f.forTime == 0 {
				f.forTime = fuzzTime
			}
			if f.corpus == "" && exists(defaultCorpus) {
				f.corpus = defaultCorpus
			}
			if len(args) == 0 {
				return usagef("racebench fuzz needs a scenario or a target: see racebench fuzz --help")
			}
			if tests, err := a.goPackages(args, f); err != nil || tests {
				if err == nil {
					err = a.fuzzGo(cmd.Context(), args, f)
				}
				return err
			}
			programs, err := a.programs(args, f, s.engineElse)
			if err != nil {
				return err
			}
			if err := a.searched(programs, args, &f); err != nil {
				return err
			}
			if err := noPlain(programs, "there is nothing to search in it: use racebench run"); err != nil {
				return err
			}
			rep, err := a.runPrograms(cmd.Context(), programs, f, s)
			if err != nil {
				return err
			}
			return a.finish(rep, f)
		},
	}
	f.register(cmd)
	cmd.Flags().BoolVar(&f.confirm, "confirm", false, "run real trials of what was found breached, and say in how many of them it shows")
	cmd.Flags().BoolVar(&f.fixed, "fixed", false, "play the one small world of the scenario or the target, and draw none")
	cmd.Flags().BoolVar(&f.vary, "vary", false, "draw worlds around those of files, too")
	cmd.Flags().BoolVar(&f.verify, "verify", false, "play every schedule twice; one that comes out otherwise is void")
	cmd.Flags().StringVar(&f.corpus, "corpus", "", "failing schedules are kept in `DIR` and run first the next time (default "+defaultCorpus+", where it exists)")
	f.registerGo()
	cmd.Flags().Lookup("engine").Usage = "the world that trials run in (default: the scenario's, else sim; external programs: real)"
	return cmd
}

// searched makes of the programs of arguments what fuzz means by them.
func (a *app) searched(programs []trial.Program, args []string, f *runFlags) error {
	for i, arg := range withoutProjects(args) {
		target := a.isTarget(arg)
		if target {
			searchAll(&programs[i], strings.Contains(arg, "/") || len(f.variants) > 0)
		}
		if err := f.drawWorlds(&programs[i], target); err != nil {
			return err
		}
	}
	return nil
}

// drawWorlds settles whether the worlds of a program are drawn: those of a target's name are, unless --fixed says no;
// those of a file are where the file or --vary says so.
func (f *runFlags) drawWorlds(p *trial.Program, target bool) error {
	if f.fixed && f.vary {
		return usagef("--fixed draws no worlds and --vary draws some: give one of them")
	}
	if p.Scenario.Engine != scenario.Sim {
		if f.vary {
			return usagef("--vary draws simulated worlds, and %s runs with real signals: leave --vary out, or say --engine sim", p.Scenario.Name)
		}
		return nil
	}
	switch {
	case f.fixed:
		p.Scenario.Sim.Vary = false
	case target || f.vary:
		p.Scenario.Sim.Vary = true
	}
	p.Rehash()
	return nil
}

// isTarget reports whether an argument was a target's name, not a file's.
func (a *app) isTarget(arg string) bool {
	name, _, _ := strings.Cut(arg, "/")
	_, ok := a.catalog.Find(name)
	return ok && !isFile(arg)
}

// searchAll makes a target's example what fuzz means by the target's name: all its variants, and nothing
// known beforehand.
func searchAll(p *trial.Program, chosen bool) {
	p.Scenario.Known = nil
	if chosen {
		return
	}
	p.Variants = p.Target.Variants
	p.Scenario.Variants = nil
	for _, v := range p.Variants {
		p.Scenario.Variants = append(p.Scenario.Variants, spec.Text(v.Name))
	}
}
