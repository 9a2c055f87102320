package invariant

import (
	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

// countersReturnToZero looks at the gauges after the drain. A drain that never ended has none, and what a client
// holds that is on its way will come back.
func countersReturnToZero(x *Index, r *breach.Report) {
	x.reportGauges(r, "counters-return-to-zero", "below-zero", func(g ledger.Gauge) bool {
		return !g.Final && g.Bound == 0 && g.Value < 0
	}, "%s was %d%s: it counts what is there, and wraps where it has no sign")
	if !x.drained || r.Killed || !x.atRest() {
		return
	}
	x.reportGauges(r, "counters-return-to-zero", "left-over", func(g ledger.Gauge) bool {
		return g.Final && g.Bound == 0 && g.Value != 0
	}, "%s is %d%s after the drain, not 0")
}
