package engine

import (
	"context"
	"errors"
	"slices"

	"github.com/racebench/racebench/engine/invariant/external"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
)

// A Looked is what a look at an external program has shown.
type Looked struct {
	Offers []string       // what it can be asked for, in the target's own words
	Why    string         // nobody could look
	Failed *trial.Control // it does not even start
}

// Look starts an external program, finds out what it can be asked for, and ends it.
func Look(ctx context.Context, p trial.Program, seed scenario.Seed, c trial.Config, run *rundir.Run) (Looked, error) {
	plan := trial.NewPlan(p, p.Variants[0], seed, 0, c.Build)
	plan.ID.Look = true
	var found Looked
	err := unsignalled(ctx, &plan, c, run, func(dir rundir.TrialDir, e *ledger.Evidence) (keep bool, err error) {
		ready := slices.ContainsFunc(e.Processes, func(p ledger.Process) bool { return p.Event == extern.ProcessReady })
		switch {
		case !ready:
			control, err := trial.JudgeControl(plan, dir)
			control.Number = plan.ID.Number
			found.Failed = &control
			return c.Keep != trial.KeepNone, err // the program's own words are in there
		case e.Drain != nil && e.Drain.Ended > 0:
			found.Why = "the program ended meanwhile"
			return false, nil
		}
		for _, p := range e.Processes {
			if p.Event == extern.ProcessOffers {
				found.Offers = append(found.Offers, e.Text(p.Text))
			}
		}
		if len(found.Offers) == 0 {
			found.Why = "it was not answered by HTTP/1.1"
		}
		return false, nil
	})
	return found, err
}

// Rehearse runs a program's control run. It returns what that has shown, and which load groups were not always served
// well.
func Rehearse(ctx context.Context, p trial.Program, seed scenario.Seed, c trial.Config, run *rundir.Run) (control trial.Control, unwell []external.Unwell, err error) {
	plan := trial.NewPlan(p, p.Variants[0], seed, 0, c.Build)
	err = unsignalled(ctx, &plan, c, run, func(dir rundir.TrialDir, e *ledger.Evidence) (keep bool, err error) {
		unwell = external.UnwellIn(e)
		control, err = trial.JudgeControl(plan, dir)
		return false, err
	})
	return control, unwell, err
}

// unsignalled runs a trial without a signal and has its evidence read, which says whether it is to be kept.
func unsignalled(ctx context.Context, plan *trial.Plan, c trial.Config, run *rundir.Run, read func(dir rundir.TrialDir, e *ledger.Evidence) (keep bool, err error)) error {
	dir, err := run.NewTrial()
	if err != nil {
		return err
	}
	plan.ID.Number, plan.ID.Control = dir.Number(), true
	l := trial.NewLauncher()
	defer l.Close()
	keep := false
	if err = plan.Run(ctx, dir, c, l); err == nil {
		var e *ledger.Evidence
		if e, err = ledger.Read(dir.Ledger()); err == nil {
			keep, err = read(dir, e)
		}
	}
	if keep {
		return err
	}
	return errors.Join(err, dir.Remove())
}
