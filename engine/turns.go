package engine

import (
	"context"
	"errors"
	"time"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
)

// A Side is one of several builds of a server that are compared with each other.
type Side struct {
	Programs []Program // the same on all sides but for where the server is
	Config   Config
}

// RunInTurns runs the same programs on several sides, trial by trial: each trial of a variant on every side
// before the next one, so that a machine that gets slower meanwhile does so for all of them. Trials of one
// index have one seed. It returns the folded results of each side, in the order of RunCampaigns; the sides
// must have equally many programs and variants. Trials run one at a time whatever Config.Parallel says.
// Errors are as those of RunCampaigns.
func RunInTurns(ctx context.Context, sides []Side, seeds []scenario.Seed, b Budget, run *rundir.Run) ([][]*result.Campaign, error) {
	l := newLauncher()
	defer l.close()
	in := shared{run: run, launch: l, number: &counter{}}
	folds := make([][]*result.Campaign, len(sides))
	began, left := time.Now(), variantsOf(sides[0].Programs)
	for i, p := range sides[0].Programs {
		for j := range p.Variants {
			turn := make([]*campaign, len(sides))
			budget := b.share(time.Since(began), left)
			left--
			for s, side := range sides {
				program := side.Programs[i]
				turn[s] = newCampaign(program, program.Variants[j], seeds[i], budget, side.Config, in)
				turn[s].begin()
				turn[s].control(ctx)
			}
			takeTurns(ctx, turn)
			for s, k := range turn {
				err := k.end(ctx)
				folds[s] = append(folds[s], k.fold)
				if err != nil && !errors.Is(err, ctx.Err()) {
					return folds, err
				}
			}
		}
	}
	return folds, ctx.Err()
}

// takeTurns runs campaigns trial by trial until none has one left.
func takeTurns(ctx context.Context, turn []*campaign) {
	for left := true; left; {
		left = false
		for _, k := range turn {
			if index, ok := k.claim(ctx); ok {
				k.trial(ctx, index)
				left = true
			}
		}
	}
}
