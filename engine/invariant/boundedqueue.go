package invariant

import (
	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

func boundedQueue(x *Index, r *breach.Report) {
	x.reportGauges(r, "bounded-queue", "over-bound", func(g ledger.Gauge) bool {
		return g.Bound > 0 && g.Value > g.Bound
	}, "%s held %d%s, more than its bound")
}
