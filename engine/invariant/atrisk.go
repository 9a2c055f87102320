package invariant

import (
	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

// markQueued notes which accepted messages a subscriber was still owed when the first signal struck. It is
// called when the deliveries before that are known, and no others.
func (x *Index) markQueued() {
	o := x.newOwing(
		func(s ledger.Subscription) bool { return s.Until == 0 || s.Until > x.strikeAt },
		func(d ledger.Discard) bool { return d.Policy && !d.Draining || d.At <= x.strikeAt },
	)
	o.returned.list = nil // what was given back later was at risk
	for lane, ops := range x.e.Ops {
		for i := range ops {
			op := &ops[i]
			if op.Outcome == ledger.Accepted && op.Ended <= x.strikeAt && o.unseen(op, lane, x.base[lane]+i) != nil {
				add(x.queued, x.base[lane]+i)
			}
		}
	}
}

// AtRisk says what was under way when the first signal struck, and how much of it was lost: accepted
// messages that a subscriber was still owed ("queued"), and calls that had not returned
// ("call-in-flight"); and, of a store, streams that clients had been given and not read to the end ("stream-open").
// It is nil when nothing struck.
func AtRisk(x *Index, terms breach.Terms) []result.Risk {
	if !x.struck {
		return nil
	}
	if x.e.Audit != nil {
		return x.reopenRisk(terms)
	}
	if x.program != nil {
		return x.program.AtRisk()
	}
	queued := result.Risk{Kind: "queued", Count: int64(count(x.queued))}
	calls := result.Risk{Kind: "call-in-flight", Count: x.openCall}
	risks := func() []result.Risk {
		if len(x.e.Accesses) == 0 {
			return []result.Risk{queued, calls}
		}
		return []result.Risk{queued, calls, {Kind: "stream-open", Count: x.openStreams()}}
	}
	if !x.lossJudged(terms) {
		return risks()
	}
	o := x.newLosses(&terms)
	for lane, ops := range x.e.Ops {
		for i := range ops {
			op := &ops[i]
			if op.Outcome != ledger.Accepted || op.Began > x.strikeAt {
				continue
			}
			isQueued := has(x.queued, x.base[lane]+i)
			if !isQueued && op.Ended <= x.strikeAt || o.unseen(op, lane, x.base[lane]+i) == nil {
				continue
			}
			if isQueued {
				queued.Lost++
			} else {
				calls.Lost++
			}
		}
	}
	return risks()
}

// openStreams counts streams whose calls had returned, and that were not at their end when the first signal struck.
func (x *Index) openStreams() (n int64) {
	ended := map[uint64]bool{}
	for _, a := range x.e.Accesses {
		if a.Ended && a.At <= x.strikeAt {
			ended[a.Number] = true
		}
	}
	for _, a := range x.e.Accesses {
		if a.Ended || a.Kind != ledger.SnapshotAccess || a.At > x.strikeAt {
			continue
		}
		op, ok := x.e.Op(a.Msg)
		if !ok || op.Outcome != ledger.Accepted || op.Ended > x.strikeAt {
			continue
		}
		if !ended[a.Number] {
			n++
		}
	}
	return n
}

// reopenRisk is what was at risk of a trial that ends with a reopen: messages that had been accepted when
// the first signal struck, and calls under way.
func (x *Index) reopenRisk(terms breach.Terms) []result.Risk {
	stored := result.Risk{Kind: "stored"}
	calls := result.Risk{Kind: "call-in-flight", Count: x.openCall}
	p, judged, returned := x.newPromise(terms), x.reopenJudged(), cursor{list: x.returned}
	for lane, ops := range x.e.Ops {
		for i := range ops {
			op := &ops[i]
			if op.Outcome != ledger.Accepted || op.Began > x.strikeAt || !x.audited(op) {
				continue
			}
			lost := judged && !x.recovered(x.base[lane]+i) && p.breaks(op) != "" && !x.cleared(returned.at(op.Msg), &terms)
			if op.Ended <= x.strikeAt {
				stored.Count++
				stored.Lost += tally(lost)
			} else {
				calls.Lost += tally(lost)
			}
		}
	}
	return []result.Risk{stored, calls}
}
