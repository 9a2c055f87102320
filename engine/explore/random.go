package explore

import (
	"math/rand/v2"

	"github.com/racebench/racebench/engine/world"
)

// random is the random walk: no guarantee, and the measure for every other strategy.
type random struct{ rnd *rand.Rand }

func newRandom(rnd *rand.Rand, _ Hints) world.Strategy { return &random{rnd} }

func (r *random) Next(s *world.State) int { return r.rnd.IntN(len(s.Runnable)) }
