package main

import (
	_ "embed"
	"fmt"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/custody"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
)

//go:embed doctor.yaml
var doctorScenario []byte

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "doctor",
		Short:   "Say what this machine can and cannot test, and judge one good and one bad server",
		Example: "  racebench doctor",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m := machineInfo()
			a.say("machine    %s, %d cores, GOMAXPROCS %d, %s", m.CPU, m.Cores, m.GOMAXPROCS, m.Kernel)
			a.sayAbilities()
			if err := checkDescriptors(1); err != nil {
				a.say("files      %v", err)
				a.status = statusUntested
				return nil
			}
			a.say("files      the limit on open files is high enough for the targets of this version")
			return a.examine(cmd)
		},
	}
}

func (a *app) say(format string, args ...any) { a.stdout.Sayf(format+"\n", args...) }

func (a *app) sayAbilities() {
	switch runtime.GOOS {
	case "linux":
		a.say("signals    real, with kill(2); children end with racebench whatever ends it")
		a.say("clock      sleeps end within some tens of microseconds")
	case "windows":
		a.say("signals    none: engine real cannot strike on Windows, so nothing can be tested here")
		a.say("clock      sleeps end when the system's timer says so, up to 16 ms late")
	default:
		a.say("signals    real, with kill(2); children watch racebench and end with it")
		a.say("clock      sleeps end about a millisecond late")
	}
}

// examine judges two servers whose verdicts are known.
func (a *app) examine(cmd *cobra.Command) error {
	dir, err := custody.NewFolder("doctor")
	if err != nil {
		return fmt.Errorf("make a directory for the examination: %w", err)
	}
	defer func() { _ = dir.Remove() }()
	folds, err := a.examination(cmd, dir.Path())
	if err != nil {
		return err
	}
	want := []struct {
		what string
		ok   func(result.Verdict) bool
	}{
		{"the bad server is found out", func(v result.Verdict) bool { return v == result.Breached }},
		{"the good server is left alone", func(v result.Verdict) bool { return v == result.Passed }},
	}
	for i, w := range want {
		n := folds[i].Trials
		word := "ok"
		if !w.ok(folds[i].Verdict) {
			word = "FAIL"
			a.status = statusFinding
		}
		a.say("%-10s %s: %s/%s is %s, %d of %d trials passed, %d void", word, w.what,
			folds[i].Target, folds[i].Variant, folds[i].Verdict, n.Passed, n.Run, n.Void)
		if !w.ok(folds[i].Verdict) {
			for _, b := range folds[i].Breaches {
				a.say("           %s in %d trials: %s", b.Class, b.Trials, b.Summary)
			}
		}
	}
	if a.status == statusFinding {
		a.say("this machine does not give the verdicts that it should: a busy one can starve the load; try again when it is quiet")
	}
	return nil
}

func (a *app) examination(cmd *cobra.Command, dir string) ([]*result.Campaign, error) {
	s, problems := scenario.Parse("doctor", doctorScenario, time.Now())
	if problems != nil {
		return nil, fmt.Errorf("embedded scenario: %w", problems)
	}
	p, errs := trial.Compile(s, a.catalog)
	if len(errs) > 0 {
		return nil, fmt.Errorf("embedded scenario: %w", &errs)
	}
	run, err := rundir.Create(dir, time.Now())
	if err != nil {
		return nil, err
	}
	return engine.RunCampaigns(cmd.Context(), []trial.Program{p}, []scenario.Seed{scenario.NewSeed()}, batch.Budget{},
		trial.Config{Catalog: a.catalog, Build: toolInfo().Build, Keep: trial.KeepNone}, run)
}
