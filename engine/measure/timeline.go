package measure

import (
	"slices"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

// TimelineWidth is how long a piece of a timeline is: the load's duration has as many as the timeline reaches.
func TimelineWidth(duration time.Duration) time.Duration {
	return max(duration/result.Reach, time.Millisecond)
}

// Timeline says what clients did in each piece of time around the strike, from the load's begin to the last
// operation's end, or the last delivery, and how many messages were on their way. Of operations only those count
// that clients did, not what was delivered to those that subscribe.
func Timeline(e *ledger.Evidence, struck, width time.Duration) []result.Tick {
	at := func(t time.Duration) int {
		n := int((t - struck) / width)
		if t < struck && (t-struck)%width != 0 {
			n-- // division rounds towards the strike
		}
		return min(max(n, -result.Reach), result.Reach-1)
	}
	first, last := at(e.LoadBegan()), -result.Reach
	for _, ops := range e.Ops {
		for i := range ops {
			last = max(last, at(max(ops[i].Began, ops[i].Ended)))
		}
	}
	for _, seen := range e.Deliveries {
		for _, d := range seen {
			last = max(last, at(d.At))
		}
	}
	if last < first {
		return nil
	}
	ticks := make([]result.Tick, last-first+1)
	for i := range ticks {
		ticks[i] = result.Tick{At: first + i, Trials: 1}
	}
	for _, ops := range e.Ops {
		for i := range ops {
			op := &ops[i]
			end := last + 1 // an operation that did not end was under way until the last moment
			if op.Ended > 0 {
				end = at(op.Ended)
				ticks[max(end-first, 0)].Add(op.Outcome == ledger.Accepted, op.Outcome == ledger.Refused, op.Ended-op.Intended)
			}
			for n := max(at(op.Began), first); n < end && n <= last; n++ {
				ticks[n-first].Open++
			}
		}
	}
	addQueued(e, ticks, at)
	return ticks
}

// addQueued counts accepted messages from their acceptance until the last delivery, or until they left the
// server undelivered. What nobody got is queued to the end. Calls without messages queue nothing.
func addQueued(e *ledger.Evidence, ticks []result.Tick, at func(time.Duration) int) {
	if !delivers(e) {
		return
	}
	gone, first := goneAt(e), ticks[0].At
	for lane, ops := range e.Ops {
		for i := range ops {
			if ops[i].Outcome != ledger.Accepted {
				continue
			}
			end := len(ticks)
			if gone[lane][i] > 0 {
				end = min(end, at(gone[lane][i])-first) // what was given up may be so after the last call
			}
			for n := max(at(ops[i].Ended)-first, 0); n < end; n++ {
				ticks[n].Queued++
			}
		}
	}
}

// delivers says whether any message was delivered.
func delivers(e *ledger.Evidence) bool {
	return slices.ContainsFunc(e.Deliveries, func(seen []ledger.Delivery) bool { return len(seen) > 0 })
}

// goneAt is when each message was seen, given back or dropped last; 0 is never.
func goneAt(e *ledger.Evidence) [][]time.Duration {
	gone := make([][]time.Duration, len(e.Ops))
	for lane, ops := range e.Ops {
		gone[lane] = make([]time.Duration, len(ops))
	}
	note := func(m ledger.MsgID, at time.Duration) {
		if _, ok := e.Op(m); ok {
			g := &gone[m.Lane()][m.Seq()-1]
			*g = max(*g, at)
		}
	}
	for _, seen := range e.Deliveries {
		for _, d := range seen {
			note(d.Msg, d.At)
		}
	}
	for _, d := range slices.Concat(e.Discards, e.Returned) {
		note(d.Msg, d.At)
	}
	return gone
}

// FirstLoss is when the first message was accepted that left the server undelivered, or that nobody got while
// others were; below 0 when there is none. Whether that was a loss is for the judges to say. What the overflow
// policy dropped before the drain is none.
func FirstLoss(e *ledger.Evidence) time.Duration {
	first := time.Duration(-1)
	note := func(op ledger.Op) {
		if op.Outcome == ledger.Accepted && (first < 0 || op.Ended < first) {
			first = op.Ended
		}
	}
	for _, d := range e.Discards {
		if op, ok := e.Op(d.Msg); ok && (!d.Policy || d.Draining) {
			note(op)
		}
	}
	if !delivers(e) {
		return first
	}
	gone := goneAt(e)
	for lane, ops := range e.Ops {
		for i, op := range ops {
			if gone[lane][i] == 0 {
				note(op)
			}
		}
	}
	return first
}

// FirstCut is when the first call ended of which nobody knows what became; below 0 when there is none.
func FirstCut(e *ledger.Evidence) time.Duration {
	first := time.Duration(-1)
	for _, ops := range e.Ops {
		for _, op := range ops {
			if op.Outcome == ledger.Unknown && op.Ended > 0 && (first < 0 || op.Ended < first) {
				first = op.Ended
			}
		}
	}
	return first
}
