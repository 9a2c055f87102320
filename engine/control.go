package engine

import (
	"context"
	"errors"

	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
)

// control runs the load of an external program once without a signal. One that does not start, or loses
// requests without being asked to stop, is not tested further: no shutdown would be to blame.
func (k *campaign) control(ctx context.Context) {
	if !k.program.Target.Traits.ControlRun || k.c.Controlled || ctx.Err() != nil {
		return
	}
	plan := trial.NewPlan(k.program, k.variant, k.seed, 0, k.c.Build)
	if k.c.Rehearsed != nil {
		k.controlled(plan, *k.c.Rehearsed)
		return
	}
	dir, err := k.run.NewTrial()
	plan.ID.Number, plan.ID.Control = dir.Number(), true
	if err == nil {
		err = plan.Run(ctx, dir, k.c, k.launch)
	}
	if err != nil {
		if !errors.Is(err, ctx.Err()) {
			k.err = err
		}
		_ = dir.Remove()
		return
	}
	t, e, err := plan.Judge(dir)
	if err == nil && t.Verdict == result.Crashed {
		k.crashedUnasked(t, dir)
		return
	}
	if e != nil && k.program.AtStartup() {
		k.start = trial.StartOf(e)
	}
	control, err := trial.JudgeControl(plan, dir)
	switch {
	case err != nil:
		k.err = err
	default:
		control.Number = plan.ID.Number
		k.controlled(plan, control)
		if control.Why.Code != "" && k.c.Keep != trial.KeepNone {
			return // the program's own words are in there
		}
	}
	if err := dir.Remove(); k.err == nil {
		k.err = err
	}
}

// controlled takes what a run without a signal has shown.
func (k *campaign) controlled(plan trial.Plan, c trial.Control) {
	if c.Why.Code != "" {
		k.quota.End(batch.EndedByControl)
		t := result.Trial{Index: -1, Number: c.Number, Seed: plan.ID.Seed}
		t.SetVoid(c.Why)
		k.fold.Add(t)
		return
	}
	k.inControl = c
	k.fold.Note(c.Note)
	k.fold.AddAsked(c.Asked)
}

// crashedUnasked takes a program's crash in the run without a signal as the result: what comes of it when it is
// signalled would prove nothing.
func (k *campaign) crashedUnasked(t result.Trial, dir rundir.TrialDir) {
	k.quota.End(batch.EndedByControl)
	k.fold.Note("no trial was run: the program crashed in the control run, in which nobody signals it")
	err := k.keep(&t, dir)
	k.fold.Add(t)
	if err != nil {
		k.err = err
	}
}
