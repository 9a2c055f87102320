package invariant

import (
	"fmt"
	"time"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

// quietAfterShutdown finds uses of the backend that began, or were still under way, when the server had
// said that it has stopped; and calls that were accepted although they began after the stop had, where the
// server claims to refuse those. What a deadline gave up on and counted may still be under way.
func quietAfterShutdown(x *Index, r *breach.Report) {
	if r.Killed {
		return
	}
	x.lateAccesses(r)
	x.lateAdmissions(r)
}

// lateUses are the classes of late uses of the backend, in the order in which they are reported, and what is said
// of each.
var lateUses = []struct{ class, what string }{
	{afterStop, "began after the server had stopped"},
	{startedLate, "of a call from before the stop began after the server had stopped"},
	{throughStop, "outlasted the server's stop"},
}

const (
	afterStop   = "quiet-after-shutdown/backend/after-stop"
	startedLate = "quiet-after-shutdown/backend/started-late"
	throughStop = "quiet-after-shutdown/backend/through-stop"
)

// lateAccesses looks at the uses of the backend in the order of their records.
func (x *Index) lateAccesses(r *breach.Report) {
	d := x.e.Drain
	if !x.drained {
		return
	}
	gaveUp := x.gaveUp()
	began := map[uint64]ledger.Access{}
	var late breach.Groups[ledger.Access]
	for _, a := range x.e.Accesses {
		switch {
		case a.Ended:
			if b, ok := began[a.Number]; ok && a.At > d.Ended && b.At <= d.Ended && !gaveUp {
				late.Add(throughStop, b)
			}
			delete(began, a.Number)
		case a.At > d.Ended && x.calledBefore(a.Msg, d.Began):
			late.Add(startedLate, a)
		case a.At > d.Ended:
			late.Add(afterStop, a)
		default:
			began[a.Number] = a
		}
	}
	// What never ended is in the backend still. Look again in the order of the record, not of the map.
	for _, a := range x.e.Accesses {
		if _, open := began[a.Number]; open && !a.Ended && !gaveUp && x.complete() {
			late.Add(throughStop, a)
		}
	}
	for _, use := range lateUses {
		g := late.Class(use.class)
		if g.N == 0 {
			continue
		}
		begins := fmt.Sprintf("a %s for %s", g.Example.Kind, r.Message(g.Example.Msg))
		r.Add(g.Class, g.N, 0, breach.Counted(g.N, "use of the backend ", "uses of the backend ")+use.what,
			r.Story("one of %d: %s", g.N, begins).Drain().After(g.Example.At, "backend", begins+" begins"))
	}
}

// calledBefore says whether the call that a use is for had begun before a moment.
func (x *Index) calledBefore(m ledger.MsgID, moment time.Duration) bool {
	op, ok := x.e.Op(m)
	return ok && op.Began < moment
}

// lateAdmissions reports calls that began after the stop had and were accepted, where the server claims that there
// are none.
func (x *Index) lateAdmissions(r *breach.Report) {
	if _, claimed := x.claim(ledger.ClaimRefused); !claimed || x.e.Drain == nil || x.e.Drain.Began == 0 {
		return
	}
	var late breach.Groups[ledger.Op]
	for _, ops := range x.e.Ops {
		for i := range ops {
			if op := &ops[i]; op.Outcome == ledger.Accepted && op.Began > x.e.Drain.Began {
				late.Add("quiet-after-shutdown/admission/accepted-in-drain", *op)
			}
		}
	}
	for g := range late.Found() {
		op, who := g.Example, r.Sender(g.Example.Msg)
		r.Add(g.Class, g.N, 0, breach.Counted(g.N, "call that began after the stop had was accepted", "calls that began after the stop had were accepted"),
			r.Story("one of %d: the call of %s", g.N, r.Message(op.Msg)).
				At(x.e.Drain.Began, "server", "has begun to stop").
				At(op.Began, who, "called").
				At(op.Ended, who, "was accepted all the same").
				Drain())
	}
}
