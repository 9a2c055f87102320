package engine

import (
	"context"
	"fmt"

	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
)

// Confirm runs real trials of every variant that a search found breached, and notes beside each class in
// how many of them it showed: a simulated breach is a claim about the core, and this is its proof in the
// world. The order of folds is that of SearchSchedules. The trials are not kept.
func Confirm(ctx context.Context, programs []trial.Program, seeds []scenario.Seed, folds []*result.Campaign, c trial.Config, run *rundir.Run) error {
	c.Keep, c.Parallel, c.FailFast = trial.KeepNone, 1, false
	next := 0
	for i, p := range programs {
		p.Scenario.Engine = scenario.Real
		p.Rehash()
		for _, v := range p.Variants {
			fold := folds[next]
			next++
			if len(fold.Breaches) == 0 {
				continue
			}
			one := p
			one.Variants = nil
			one.Variants = append(one.Variants, v)
			real, err := RunCampaigns(ctx, []trial.Program{one}, seeds[i:i+1], batch.Budget{}, c, run)
			if err != nil {
				return err
			}
			noteConfirmed(fold, real[0])
			if next == len(folds) {
				return nil
			}
		}
	}
	return nil
}

// noteConfirmed says of every class that a search found in how many real trials it showed.
func noteConfirmed(fold, real *result.Campaign) {
	n := real.Trials.Run
	for _, b := range fold.Breaches {
		shown := 0
		for _, r := range real.Breaches {
			if r.Class == b.Class {
				shown = r.Trials
			}
		}
		fold.Note(fmt.Sprintf("%s: in %d of %d real trials", b.Class, shown, n))
	}
}
