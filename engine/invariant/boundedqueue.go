package invariant

import (
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

func boundedQueues(x *Index, _ Terms) []result.Breach {
	return x.gauges("bounded-queue", func(g ledger.Gauge) (string, bool) {
		return "over-bound", g.Bound > 0 && g.Value > g.Bound
	}, "%s held %d%s, more than its bound")
}
