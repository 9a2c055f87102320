package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"

	"github.com/racebench/racebench/engine/invariant/external"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/custody"
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
	plan.ID.Control = true
	return alone(ctx, plan, c, run, read)
}

// alone runs one trial and has its evidence read.
func alone(ctx context.Context, plan *trial.Plan, c trial.Config, run *rundir.Run, read func(dir rundir.TrialDir, e *ledger.Evidence) (keep bool, err error)) error {
	dir, err := run.NewTrial()
	if err != nil {
		return err
	}
	plan.ID.Number = dir.Number()
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

// A Lending is what has come of a program that was lent.
type Lending struct {
	Failed *trial.Control // it did not even start
	Ended  bool           // it ended meanwhile, by itself
}

// Lend starts an external program, has it asked by use in the place of clients, and ends it. The context of use ends with
// the program.
func Lend(ctx context.Context, p trial.Program, seed scenario.Seed, c trial.Config, run *rundir.Run, use func(ctx context.Context, at extern.Lent) error) (lending Lending, err error) {
	plan := trial.NewPlan(p, p.Variants[0], seed, 0, c.Build)
	folder, err := custody.NewFolder("lend")
	if err != nil {
		return lending, err
	}
	defer func() { err = errors.Join(err, folder.Remove()) }()
	plan.ID.Lend = filepath.Join(folder.Path(), "at")
	l, err := net.Listen("unix", plan.ID.Lend)
	if err != nil {
		return lending, fmt.Errorf("wait for the program: %w", err)
	}
	used := make(chan error, 1)
	go func() { used <- borrow(ctx, l, use) }()
	err = unsignalled(ctx, &plan, c, run, func(dir rundir.TrialDir, e *ledger.Evidence) (keep bool, err error) {
		if slices.ContainsFunc(e.Processes, func(p ledger.Process) bool { return p.Event == extern.ProcessReady }) {
			lending.Ended = e.Drain != nil && e.Drain.Ended > 0
			return false, nil
		}
		control, err := trial.JudgeControl(plan, dir)
		control.Number = plan.ID.Number
		lending.Failed = &control
		return c.Keep != trial.KeepNone, err // the program's own words are in there
	})
	_ = l.Close()
	return lending, errors.Join(err, <-used)
}

// borrow waits for a program and has it used until it ends.
func borrow(ctx context.Context, l net.Listener, use func(ctx context.Context, at extern.Lent) error) error {
	conn, err := l.Accept()
	if err != nil {
		return nil // it was never ready
	}
	defer func() { _ = conn.Close() }()
	var at extern.Lent
	d := json.NewDecoder(conn)
	if err := d.Decode(&at); err != nil {
		return nil // it ended at once
	}
	ctx, ended := context.WithCancel(ctx)
	defer ended()
	go func() {
		_, _ = d.Token() // nothing more is said: this is its end
		ended()
	}()
	return use(ctx, at)
}

// Forgets runs a trial with few writes, long before the signal, and returns the groups that the program gives back nothing
// of once it is started again: what it does not keep at all, no stop has lost.
func Forgets(ctx context.Context, p trial.Program, seed scenario.Seed, c trial.Config, run *rundir.Run) (groups []string, err error) {
	plan := trial.NewPlan(p, p.Variants[0], seed, 0, c.Build)
	err = alone(ctx, &plan, c, run, func(_ rundir.TrialDir, e *ledger.Evidence) (keep bool, err error) {
		if !slices.ContainsFunc(e.Processes, func(p ledger.Process) bool { return p.Event == extern.ProcessAudited }) {
			return false, nil // nobody could ask it
		}
		accepted, missed := map[string]int{}, map[string]int{}
		for lane, info := range e.Lanes {
			for _, op := range e.Ops[lane] {
				if op.Outcome == ledger.Accepted {
					accepted[info.Group]++
				}
			}
		}
		for _, d := range e.Discards {
			if e.Text(d.Station) == "restart" {
				missed[e.Lanes[d.Msg.Lane()].Group]++
			}
		}
		for group, n := range accepted {
			if missed[group] >= n {
				groups = append(groups, group)
			}
		}
		slices.Sort(groups)
		return false, nil
	})
	return groups, err
}
