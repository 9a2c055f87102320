// Package explore searches the schedules of simulated worlds: strategies that pick who goes on, one file
// each with its source.
package explore

import (
	"math/rand/v2"

	"github.com/racebench/racebench/engine/schedule"
)

// A StrategyInfo is a strategy as lists show it.
type StrategyInfo struct {
	Name, Summary string
	// New returns the strategy for one schedule. The zero Hints work.
	New func(rnd *rand.Rand, h Hints) schedule.Strategy
}

// strategies is the table of strategies that draw a schedule at random.
var strategies = []StrategyInfo{
	{"pos", "random priorities of operations, redrawn when two race", newPOS},
	{"pct3", "random priorities of tasks, changed at two random steps", pctOfDepth(3)},
	{"pct2", "random priorities of tasks, changed at one random step", pctOfDepth(2)},
	{"urw", "a draw in proportion to what each task has yet to do", newURW},
	{"random", "every decision is a fair draw among the tasks that can go on", newRandom},
}

// inTurn is how many of the first strategies the portfolio takes in turn. Of seven mixtures these three had the lowest 90th
// percentile over the breaches of the track record: the table is in docs/schedules.md.
const inTurn = 3

// Strategies lists the strategies, those of the portfolio first.
func Strategies() []StrategyInfo { return strategies }

// Portfolio returns the strategy of schedule index: the default, for no strategy finds every bug soon.
func Portfolio(index int) StrategyInfo { return strategies[index%inTurn] }
