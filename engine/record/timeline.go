package record

import (
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

// reach is how many pieces of time a timeline has before the strike, and as many after it.
const reach = 40

// TimelineWidth is how long a piece of a timeline is: the load's duration has as many as the timeline reaches.
func TimelineWidth(duration time.Duration) time.Duration {
	return max(duration/reach, time.Millisecond)
}

// Timeline says what clients did in each piece of time around the strike, from the load's begin to the last
// operation's end. Only operations count, not what was delivered to those that subscribe.
func Timeline(e *ledger.Evidence, struck, width time.Duration) []result.Tick {
	at := func(t time.Duration) int {
		n := int((t - struck) / width)
		if t < struck && (t-struck)%width != 0 {
			n-- // division rounds towards the strike
		}
		return min(max(n, -reach), reach-1)
	}
	first, last := at(loadBegan(e)), -reach
	for _, ops := range e.Ops {
		for i := range ops {
			last = max(last, at(max(ops[i].Began, ops[i].Ended)))
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
	return ticks
}
