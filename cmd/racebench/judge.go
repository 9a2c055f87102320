package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
)

func (a *app) judgeCommand() *cobra.Command {
	f := newRunFlags()
	cmd := &cobra.Command{
		Use:   "judge PATH",
		Short: "Judge recorded trials again, without running them",
		Long: `Judge the kept trials of a run again, from their ledgers alone. PATH is a trial's
directory, a run's, or racebench-runs/latest. The exit status is that of run.`,
		Example: `  racebench judge racebench-runs/latest
  racebench judge racebench-runs/latest/trials/000001 --json`,
		Args: needOne("a trial's directory, or a run's"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			dirs, err := openTrials(args[0], f.dir)
			if err != nil {
				return err
			}
			folds, err := engine.JudgeAll(dirs, trial.Config{Catalog: a.catalog})
			if err != nil {
				return usageError{fmt.Errorf("judge %s: %w", args[0], err)}
			}
			rep, err := newReport(folds, a.args)
			if err != nil {
				return err
			}
			rep.Seed = folds[0].Header.Seed
			f.dir = "" // nothing is stored
			return a.finish(rep, f)
		},
	}
	f.registerDir(cmd.Flags())
	f.registerOutput(cmd.Flags())
	return cmd
}

// openTrials finds the recorded trials that a path stands for. "latest" alone is the newest run of dir.
func openTrials(path, dir string) ([]rundir.TrialDir, error) {
	if path == "latest" && !exists(path) {
		path = filepath.Join(dir, path)
	}
	trials, err := rundir.OpenTrial(path)
	if err != nil {
		return nil, usageError{err}
	}
	return trials, nil
}
