package main

import (
	"context"
	"fmt"
	"time"

	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/reach"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/custody"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets/promise"
)

// pid1Limit is how long a program has to stop as PID 1: one that ignores the signal is not worth more.
const pid1Limit = 3 * time.Second

// asPID1 runs one more trial in which the program is PID 1, and notes what came out. There a signal without a
// handler is dropped, which a program that simply dies of it elsewhere does not show. It is left out where the
// probe has spent so much of its time that a trial would not fit into the rest.
func (a *app) asPID1(ctx context.Context, p trial.Program, fold *result.Campaign, where reach.Rule, spent, within time.Duration) {
	if _, attached := p.Scenario.External.Get("attach"); attached || fold.Trials.Run == 0 || ctx.Err() != nil {
		return
	}
	each := spent / time.Duration(1+len(fold.Judged)) // the control run was one more
	if within-spent < each+pid1Limit {
		fold.Note(fmt.Sprintf("as PID 1: not checked: the probe's %s would not have been enough (--timeout)", within))
		return
	}
	again, err := a.runAsPID1(ctx, p, fold.Seed, where)
	if err != nil {
		fold.Note("as PID 1: not checked: " + err.Error())
		return
	}
	if again.Trials.Hung > 0 && fold.Trials.Hung == 0 {
		fold.Warnings = append(fold.Warnings, result.RowWarning{
			Invariant: promise.DrainEnds, Class: "drain-ends/pid1", Count: 1, // in none of the trials that are counted
			Summary: fmt.Sprintf("as PID 1, as in a container without an init, it was still running %s after the signal: without a handler the kernel drops it there", again.DrainLimit),
		})
		return
	}
	fold.Note(pid1Words(fold, again))
}

// runAsPID1 runs one trial, with the seed of the others.
func (a *app) runAsPID1(ctx context.Context, p trial.Program, seed string, where reach.Rule) (*result.Campaign, error) {
	s := p.Scenario
	external := *s.External
	external.Fields = append(external.Fields[:len(external.Fields):len(external.Fields)], spec.Field{Key: spec.Text("pid1"), Value: spec.Text("true")})
	s.External, s.DrainLimit, s.Trials = &external, min(s.DrainLimit, pid1Limit), 1
	dir, err := custody.NewFolder("pid1")
	if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Remove() }()
	run, err := rundir.Create(dir.Path(), time.Now())
	if err != nil {
		return nil, err
	}
	return a.runChanged(ctx, s, seed, run, trial.Config{Keep: trial.KeepNone, Controlled: true, Reach: where}, batch.Budget{})
}

// pid1Words compares a program as PID 1 with what it did elsewhere.
func pid1Words(elsewhere, pid1 *result.Campaign) string {
	switch {
	case pid1.Trials.Run == 0:
		why := "no trial gave a verdict"
		if len(pid1.Judged) > 0 {
			why = pid1.Judged[0].Void
		}
		return "as PID 1: not checked: " + why
	case pid1.Trials.Hung == 0 && elsewhere.Trials.Hung > 0:
		return "as PID 1 it stopped"
	}
	return "as PID 1: the same outcome"
}
