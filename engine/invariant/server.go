package invariant

import (
	"slices"
	"time"

	"github.com/racebench/racebench/engine/ledger"
)

// claim returns the server's claim of that kind, for any op.
func (x *Index) claim(what string) (ledger.Claim, bool) {
	for _, c := range x.e.Claims {
		if x.e.Text(c.What) == what {
			return c, true
		}
	}
	return ledger.Claim{}, false
}

// stopBegan is the first moment at which a client may rightly be told that the server is closed.
func (x *Index) stopBegan() (time.Duration, bool) {
	at, known := x.asked()
	if d := x.e.Drain; d != nil {
		for _, moment := range []time.Duration{d.Began, d.Ended} {
			if moment > 0 && (!known || moment < at) {
				at, known = moment, true
			}
		}
	}
	return at, known
}

// cutShort says whether the server's own deadline or a further signal ended its stop.
func (x *Index) cutShort() bool {
	d := x.e.Drain
	return x.drained && (d.How == ledger.DrainDeadline || d.How == ledger.DrainSignalled)
}

// gaveUp says whether the stop was cut short and the server counted what it left.
func (x *Index) gaveUp() bool { return x.cutShort() && x.e.Drain.Left > 0 }

// gaveUpOn says whether a call may be among what the stop gave up on.
func (x *Index) gaveUpOn(op ledger.Op) bool { return x.gaveUp() && op.Ended > x.e.Drain.Began }

func (x *Index) panicked() bool { return x.panickedBy(forEver) }

// panickedBy says whether a task of the server had panicked by then.
func (x *Index) panickedBy(moment time.Duration) bool {
	return slices.ContainsFunc(x.e.Panics, func(p ledger.Panic) bool { return p.Target && p.At <= moment })
}
