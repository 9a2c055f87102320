package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
)

// A Side is one of several builds of a server that are compared with each other.
type Side struct {
	Programs []trial.Program // the same on all sides but for where the server is
	Config   trial.Config
}

// RunInTurns runs the same programs on several sides, trial by trial: each trial of a variant on every side
// before the next one, so that a machine that gets slower meanwhile does so for all of them. Trials of one
// index have one seed. The last side is the one that is judged, and those before it are what it is compared
// with: FailFast of its Config ends a variant on all sides, as soon as it showed a breach that none of the
// others has shown in as many valid trials; FailFast and OnBase of the others mean nothing. It returns the
// folded results of each side, in the order of RunCampaigns; the sides must have equally many programs and
// variants. Trials run one at a time whatever Config.Parallel says. Errors are as those of RunCampaigns, and
// one side's ends all.
func RunInTurns(ctx context.Context, sides []Side, seeds []scenario.Seed, b batch.Budget, run *rundir.Run) ([][]*result.Campaign, error) {
	l := trial.NewLauncher()
	defer l.Close()
	in := shared{run: run, launch: l}
	folds := make([][]*result.Campaign, len(sides))
	began, left := time.Now(), batch.VariantsOf(sides[0].Programs)
	failFast := sides[len(sides)-1].Config.FailFast
	for i, p := range sides[0].Programs {
		for j := range p.Variants {
			turn := make(turns, len(sides))
			budget := b.Share(time.Since(began), left)
			left--
			for s, side := range sides {
				program := side.Programs[i]
				side.Config.FailFast = false // no side stops alone
				turn[s] = newCampaign(program, program.Variants[j], seeds[i], budget, side.Config, in)
				turn[s].begin()
			}
			turn.run(ctx, failFast)
			var broken error
			for s, k := range turn {
				if err := k.end(ctx); !errors.Is(err, ctx.Err()) {
					broken = errors.Join(broken, err)
				}
				folds[s] = append(folds[s], k.fold)
			}
			if broken != nil {
				return folds, broken
			}
			if failFast && (turn.found() || turn.head().fold.Verdict == result.Missed) {
				return folds, nil
			}
		}
	}
	return folds, ctx.Err()
}

// turns are the campaigns of one variant, a side each. The last one is the head's.
type turns []*campaign

func (ts turns) head() *campaign { return ts[len(ts)-1] }

// run runs campaigns trial by trial until none has one left, one of them failed, or, with failFast, the head
// showed what the others have not shown in as many trials: none of them is planned to do more then.
func (ts turns) run(ctx context.Context, failFast bool) {
	for _, k := range ts {
		if !ts.broken() {
			k.control(ctx)
		}
	}
	for left := true; left && !(failFast && ts.found()); {
		left = false
		for _, k := range ts {
			if !ts.broken() && k.one(ctx) {
				left = true
			}
		}
	}
	if failFast && ts.found() {
		for _, k := range ts {
			k.quota.End(batch.EndedByFailFast)
			k.planned = ts.head().fold.Trials.Run
			k.fold.Trials.Planned = k.planned
		}
	}
}

// broken says whether racebench itself failed on a side: the others would run for nothing.
func (ts turns) broken() bool {
	return slices.ContainsFunc(ts, func(k *campaign) bool { return k.failed() != nil })
}

// found says whether the head has shown a class of breach that neither its scenario lists nor another side
// has shown.
func (ts turns) found() bool {
	head := ts.head()
	for class := range head.shown {
		elsewhere := func(k *campaign) bool { return k.shown[class] }
		if !head.fold.Tolerates(class) && !slices.ContainsFunc(ts[:len(ts)-1], elsewhere) {
			return true
		}
	}
	return false
}
