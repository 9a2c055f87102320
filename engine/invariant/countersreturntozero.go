package invariant

import (
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

// counters looks at the gauges after the drain. A drain that never ended has none, and what a client
// holds that is on its way will come back.
func counters(x *Index, terms Terms) []result.Breach {
	below := x.gauges("counters-return-to-zero", func(g ledger.Gauge) (string, bool) {
		return "below-zero", !g.Final && g.Bound == 0 && g.Value < 0
	}, "%s was %d%s: it counts what is there, and wraps where it has no sign")
	if !x.drained || terms.Killed || !x.atRest() {
		return below
	}
	return append(below, x.gauges("counters-return-to-zero", func(g ledger.Gauge) (string, bool) {
		return "left-over", g.Final && g.Bound == 0 && g.Value != 0
	}, "%s is %d%s after the drain, not 0")...)
}
