package explore

import (
	"math/rand/v2"

	"github.com/racebench/racebench/engine/schedule"
)

// random is the random walk: no guarantee, and the measure for every other strategy.
type random struct{ rnd *rand.Rand }

func newRandom(rnd *rand.Rand, _ Hints) schedule.Strategy { return &random{rnd} }

func (r *random) Next(s *schedule.State) int { return r.rnd.IntN(len(s.Runnable)) }
