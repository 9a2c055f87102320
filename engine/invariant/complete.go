package invariant

import (
	"slices"
	"sort"
	"time"

	"github.com/racebench/racebench/engine/ledger"
)

// What stands in a ledger is evidence, however early the ledger ends. What does not stand there is
// evidence only where it would have been written down. The judges that rely on absence ask here.

// complete says whether the ledger holds all that was to be written: nothing was cut off or dropped, and
// every process came to its own end.
func (x *Index) complete() bool {
	if x.e.Cut != "" || x.e.Full {
		return false
	}
	for _, p := range x.e.Phases {
		ended := func(o ledger.Phase) bool { return o.Ended && o.Index == p.Index }
		if p.Ended && (p.Status != 0 || p.Limit || x.e.Text(p.Name) == exited) || !p.Ended && !slices.ContainsFunc(x.e.Phases, ended) {
			return false
		}
	}
	return true
}

// exited names the phase of a process that the server's code ended with status 0.
const exited = "exited"

// asked is the first moment at which the server may have known that it was to stop: a signal was sent,
// or it took one that somebody else had sent.
func (x *Index) asked() (time.Duration, bool) {
	at, known := x.strikeAt, x.struck
	for _, s := range x.e.Signals {
		if !known || s.At < at {
			at, known = s.At, true
		}
	}
	return at, known
}

// runsOn says whether a task of the server was found running after the drain, neither parked nor asleep:
// on a starved machine it may be on its way out, and what is parked may wait for it.
func (x *Index) runsOn() bool {
	return slices.ContainsFunc(x.e.Tasks, func(t ledger.Task) bool {
		return t.Target && t.AfterDrain && x.e.Text(t.Wait) == ""
	})
}

// callerMoves says whether a client was on its way in one call from a moment until another: it was not
// found parked. Whatever it holds there it will give back. What subscribers' handlers call is called on
// the server's tasks, which are judged themselves.
func (x *Index) callerMoves(from, until time.Duration, afterDrain bool) bool {
	parked := make([]bool, len(x.e.Ops))
	for _, t := range x.e.Tasks {
		if !t.Target && t.Parked && t.AfterDrain == afterDrain {
			if lane := x.laneOf(t); lane >= 0 {
				parked[lane] = true
			}
		}
	}
	for lane, ops := range x.e.Ops {
		if parked[lane] || x.subscriber[lane] >= 0 {
			continue
		}
		i := sort.Search(len(ops), func(i int) bool { return ops[i].Began > from }) - 1
		if i >= 0 && (ops[i].Ended == 0 || ops[i].Ended > until) {
			return true
		}
	}
	return false
}

// forEver is later than any record.
const forEver = time.Duration(1<<63 - 1)

// atRest says whether nothing was on its way when the trial looked at what the drain had left.
func (x *Index) atRest() bool {
	return x.complete() && !x.runsOn() && !x.callerMoves(forEver, forEver, true)
}
