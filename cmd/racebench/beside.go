package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/reach"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/result/void"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets/promise"
)

// A sideTrial is a trial of a probe beside the planned ones, and never folded into their counts. Only how the program
// ends is judged in it.
type sideTrial struct {
	name, words string
	trials      int
	second      bool // it has a second signal, and the planned trials' control run is enough
	change      func(s *scenario.Scenario, strike spec.Value)
}

// secondAfter is how long after the first the second signal comes: as from who presses a key twice.
const secondAfter = 100 * time.Millisecond

// sideTrials are those of a program that racebench starts.
var sideTrials = []sideTrial{
	{"before-ready", "a signal before it is ready", 3, false, func(s *scenario.Scenario, strike spec.Value) {
		// The load stays: that it holds no stop is known. A client that says nothing would hold that of Go's net/http for 5 s.
		s.Inject = []spec.Value{at(strike, "startup")}
	}},
	{"second-signal", "a second signal " + secondAfter.String() + " after the first", 1, true, func(s *scenario.Scenario, strike spec.Value) {
		first := s.Duration / 2
		s.Inject = []spec.Value{at(strike, first.String()), at(strike, "after "+secondAfter.String())}
	}},
}

// at is a strike at another moment.
func at(strike spec.Value, moment string) spec.Value {
	var m mapping
	for _, f := range strike.Fields {
		if f.Key.Text != "at" {
			m.put(f.Key.Text, f.Value)
		}
	}
	m.text("at", moment)
	return m.Value
}

// beside runs the trials beside a probe's planned ones and returns those that failed. What else came out is noted. They
// are left out where the program hung or crashed already, or where they would not fit into the rest of the time.
func (a *app) beside(ctx context.Context, p trial.Program, fold *result.Campaign, run *rundir.Run, where reach.Rule, left func() time.Duration) []*result.Campaign {
	var failed []*result.Campaign
	if _, attached := p.Scenario.External.Get("attach"); attached || fold.Trials.Run == 0 {
		return nil
	}
	if fold.Trials.Hung+fold.Trials.Crashed > 0 || p.AtStartup() {
		return nil
	}
	for _, side := range sideTrials {
		if side.second && len(p.Scenario.Inject) > 1 {
			continue // the planned ones have it
		}
		if ctx.Err() != nil {
			break
		}
		if left() < p.Scenario.Duration+p.Scenario.DrainLimit {
			fold.Note(side.words + ": not tried: the probe's time would not have been enough (--timeout)")
			continue
		}
		again, err := a.runBeside(ctx, p, side, fold.Seed, run, trial.Config{Keep: trial.KeepFailing, Controlled: side.second, FailFast: true, Reach: where}, left())
		switch {
		case err != nil:
			fold.Note(side.words + ": not tried: " + err.Error())
		case again.Verdict == result.Hung || again.Verdict == result.Crashed:
			failed = append(failed, again)
		default:
			fold.Note(side.words + ": " + besideWords(again))
		}
	}
	return failed
}

// runBeside runs one of the trials with the seed of the planned ones, in the run's own folder. No trial begins later than
// within.
func (a *app) runBeside(ctx context.Context, p trial.Program, side sideTrial, seed string, run *rundir.Run, c trial.Config, within time.Duration) (*result.Campaign, error) {
	s := p.Scenario
	strike := s.Inject[0]
	s.Name, s.Trials, s.Thresholds, s.Known = s.Name+"-"+side.name, side.trials, nil, nil
	s.Expect = []spec.Value{spec.Text(promise.DrainEnds), spec.Text(promise.ProcessSurvives)}
	side.change(&s, strike)
	return a.runChanged(ctx, s, seed, run, c, batch.Budget{Within: max(within, 1)})
}

// runChanged runs a changed form of a probe's scenario, with the seed of the planned trials.
func (a *app) runChanged(ctx context.Context, s scenario.Scenario, seed string, run *rundir.Run, c trial.Config, b batch.Budget) (*result.Campaign, error) {
	drawn, err := scenario.ParseSeed(seed)
	if err != nil {
		return nil, err
	}
	again, errs := trial.Compile(s, a.catalog)
	if len(errs) > 0 {
		return nil, &errs
	}
	again.Manners = nil
	c.Catalog, c.Build = a.catalog, toolInfo().Build
	folds, err := engine.RunCampaigns(ctx, []trial.Program{again}, []scenario.Seed{drawn}, b, c, run)
	if err != nil {
		return nil, err
	}
	return folds[0], nil
}

// besideWords says what came of a trial that nothing failed in.
func besideWords(again *result.Campaign) string {
	if again.Trials.Run == 0 {
		i := slices.IndexFunc(again.Void, func(v result.VoidReason) bool { return v.Code != "" })
		if i < 0 {
			return "not tried: no trial gave a verdict"
		}
		switch again.Void[i].Code {
		case void.BeforeHandler:
			return "not tried: it came before the program had a handler, and ended it: to have none yet is no fault"
		case void.AfterStart:
			return "not tried: the start is too short to be met (--at startup tries for longer)"
		}
		return "not tried: " + again.Void[i].Reason
	}
	words := "it stopped"
	var lost int64
	for _, k := range again.AtRisk {
		lost += k.Lost
	}
	if lost > 0 {
		words += fmt.Sprintf("; %d of what was in flight was lost, which fails nothing here", lost)
	}
	return words
}
