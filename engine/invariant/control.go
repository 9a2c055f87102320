package invariant

import (
	"fmt"
	"slices"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
)

// A Toll is what a load without a signal cost.
type Toll struct {
	Answered, Lost int64
	Example        string // one of those lost, after a colon; empty when none was
	// Longest is how long the longest request took, or how long an open one had been under way.
	Longest time.Duration
}

// Unasked counts what the clients of a program from outside lost although nobody had signalled it.
func Unasked(x *Index) Toll {
	var t Toll
	for _, ops := range x.e.Ops {
		for i := range ops {
			switch op := &ops[i]; {
			case op.Outcome == ledger.Accepted:
				t.Answered++
				t.Longest = max(t.Longest, op.Ended-op.Began)
			case op.Outcome == ledger.Refused && t.Lost == 0 && t.Example == "":
				t.Example = ": " + x.e.LaneName(op.Msg.Lane()) + " was " + refusedFor(op.Cause)
			}
		}
	}
	for _, w := range x.e.Wires {
		if session(w) {
			t.Answered++ // it was opened
		}
		if !session(w) && w.End == extern.WireOpen { // racebench ended the trial: not the program's doing
			t.Longest = max(t.Longest, w.Ended-x.opOf(w).Began)
		}
		if !session(w) && w.End.Lost() {
			t.Lost++
			if t.Lost == 1 {
				t.Example = fmt.Sprintf(", such as one of %s: %s", x.e.LaneName(w.Lane), x.endOfWire(w))
			}
		}
	}
	if t.Lost == 0 && t.Answered > 0 {
		t.Example = ""
	}
	return t
}

func refusedFor(c ledger.Cause) string {
	switch c {
	case ledger.Closed:
		return "refused a connection, or told 503"
	case ledger.Overloaded:
		return "told 429"
	}
	return "answered with another status than expected"
}

// answeredUntil are the answers that a group got until a moment: how long the middle one and the longest took.
func (x *Index) answeredUntil(group string, until time.Duration) (middle, longest time.Duration, n int) {
	var took []time.Duration
	for lane, ops := range x.e.Ops {
		if x.e.Lanes[lane].Group != group {
			continue
		}
		for i := range ops {
			if op := &ops[i]; op.Outcome == ledger.Accepted && op.Ended <= until {
				took = append(took, op.Ended-op.Began)
			}
		}
	}
	if len(took) == 0 {
		return 0, 0, 0
	}
	slices.Sort(took)
	return took[len(took)/2], took[len(took)-1], len(took)
}
