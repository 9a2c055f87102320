package main

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/gotest"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/input"
	"github.com/racebench/racebench/internal/rundir"
)

// judging is what the flags of judge say beside those of a report.
type judging struct {
	evidence bool
	from     string
}

func (a *app) judgeCommand() *cobra.Command {
	f := newRunFlags()
	var j judging
	cmd := &cobra.Command{
		Use:   "judge PATH",
		Short: "Judge recorded trials again, without running them",
		Long: `Judge the kept trials of a run again, from their ledgers alone. PATH is a trial's
directory, a run's, or racebench-runs/latest. The exit status is that of run.

--evidence prints what a trial's ledger holds instead, a line a record; of a run, its
first failing trial. --evidence-from judges such a text in place of the ledger, by
the trial's own scenario: change a line, and see what becomes of the verdict. A Go test has
no ledger: what its schedule has left is its trial's evidence.json.`,
		Example: `  racebench judge racebench-runs/latest
  racebench judge racebench-runs/latest/trials/000001 --json
  racebench judge racebench-runs/latest --evidence | grep '^discard'
  racebench judge racebench-runs/latest --evidence > ledger.txt
  racebench judge racebench-runs/latest --evidence-from ledger.txt`,
		Args: needOne("a trial's directory, or a run's"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			if j.evidence && j.from != "" {
				return usagef("--evidence prints a ledger and --evidence-from judges a text: give one of them")
			}
			if j.evidence && (f.asJSON || len(f.outputs.asked) > 0) {
				return usagef("--evidence prints the ledger as text and makes no report: leave out -o and --json")
			}
			trials, err := openTrials(args[0], f.dir)
			if err != nil {
				return err
			}
			if j.evidence {
				return a.printEvidence(trials)
			}
			folds, err := a.judgeAgain(args[0], trials, j)
			if err != nil {
				return err
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
	cmd.Flags().BoolVar(&j.evidence, "evidence", false, "print the ledger of the trial as text, and judge nothing")
	cmd.Flags().StringVar(&j.from, "evidence-from", "", "judge the text in `FILE` in place of the trial's ledger")
	f.registerDir(cmd.Flags())
	f.registerOutput(cmd.Flags())
	return cmd
}

// judgeAgain judges recorded trials, or what a text says in place of the ledger of one of them.
func (a *app) judgeAgain(path string, trials []rundir.TrialDir, j judging) ([]*result.Campaign, error) {
	c := trial.Config{Catalog: a.catalog}
	if gotest.IsTrial(trials[0]) {
		if j.from != "" {
			return nil, usagef("--evidence-from: the verdict on a Go test's schedule follows from %s: change that file, and judge its folder", trials[0].Left())
		}
		folds, err := gotest.JudgeAll(trials)
		if err != nil {
			return nil, usageError{fmt.Errorf("judge %s: %w", path, err)}
		}
		return folds, nil
	}
	if j.from == "" {
		folds, err := engine.JudgeAll(trials, c)
		if err != nil {
			return nil, usageError{fmt.Errorf("judge %s: %w", path, err)}
		}
		return folds, nil
	}
	text, err := input.Named(a.ctx, j.from, input.Evidence)
	if err != nil {
		return nil, usageError{fmt.Errorf("read evidence %s: %w", j.from, err)}
	}
	e, err := ledger.ParseText(j.from, string(text))
	if err != nil {
		return nil, usageError{err}
	}
	dir, err := a.failing(trials)
	if err != nil {
		return nil, err
	}
	folds, err := engine.JudgeEvidence(dir, e, "judged from "+j.from+" in place of its ledger", c)
	if err != nil {
		return nil, usageError{fmt.Errorf("judge %s: %w", path, err)}
	}
	return folds, nil
}

// printEvidence prints the ledger of the one trial, or of the first that failed.
func (a *app) printEvidence(trials []rundir.TrialDir) error {
	if gotest.IsTrial(trials[0]) {
		raw, err := gotest.EvidenceOf(trials[0])
		if err != nil {
			return usageError{err}
		}
		_, err = a.stdout.Write(raw)
		return err
	}
	dir, err := a.failing(trials)
	if err != nil {
		return err
	}
	e, err := ledger.Read(dir.Ledger())
	if err != nil && dir.Trimmed() {
		return usagef("%s: its ledger was left out for want of room: racebench replay records another", dir)
	}
	if err != nil {
		return usageError{err}
	}
	_, err = io.WriteString(a.stdout, "# the ledger of "+string(dir)+"\n"+ledger.Format(e))
	return err
}

// failing returns the only one of some trials, or the first that shows a breach.
func (a *app) failing(trials []rundir.TrialDir) (rundir.TrialDir, error) {
	if len(trials) == 1 {
		return trials[0], nil
	}
	for _, dir := range trials {
		t, err := trial.Judge(dir, trial.Config{Catalog: a.catalog})
		if err != nil {
			return "", usageError{err}
		}
		if len(t.Breaches) > 0 {
			return dir, nil
		}
	}
	return "", usagef("none of these %d trials failed: name the one that is meant, such as %s", len(trials), trials[0])
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
