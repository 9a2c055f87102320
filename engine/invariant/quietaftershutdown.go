package invariant

import (
	"fmt"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

// quietAfterShutdown finds uses of the backend that began, or were still under way, when the server had
// said that it has stopped; and calls that were accepted although they began after the stop had, where the
// server claims to refuse those. What a deadline gave up on and counted may still be under way.
func quietAfterShutdown(x *Index, terms Terms) []result.Breach {
	if terms.Killed {
		return nil
	}
	breaches := x.lateAccesses()
	if n, example := x.lateAdmissions(); n > 0 {
		s := x.newStory()
		s.title("one of %d: the call of %s", n, x.messageName(example.Msg))
		s.strike()
		s.at(x.e.Drain.Began, "server", "has begun to stop")
		s.at(example.Began, x.e.LaneName(example.Msg.Lane()), "called")
		s.at(example.Ended, x.e.LaneName(example.Msg.Lane()), "was accepted all the same")
		s.drain()
		breaches = append(breaches, result.Breach{
			Invariant: "quiet-after-shutdown", Class: "quiet-after-shutdown/admission/accepted-in-drain", Verdict: result.Breached, Count: n,
			Summary: counted(n, "call that began after the stop had was accepted", "calls that began after the stop had were accepted"), Evidence: s.lines(),
		})
	}
	return breaches
}

// lateAccesses looks at the uses of the backend in the order of their records.
func (x *Index) lateAccesses() []result.Breach {
	d := x.e.Drain
	if !x.drained {
		return nil
	}
	gaveUp := x.gaveUp()
	began := map[uint64]ledger.Access{}
	var after, started, through []ledger.Access
	for _, a := range x.e.Accesses {
		switch {
		case a.Ended:
			if b, ok := began[a.Number]; ok && a.At > d.Ended && b.At <= d.Ended && !gaveUp {
				through = append(through, b)
			}
			delete(began, a.Number)
		case a.At > d.Ended && x.calledBefore(a.Msg, d.Began):
			started = append(started, a)
		case a.At > d.Ended:
			after = append(after, a)
		default:
			began[a.Number] = a
		}
	}
	// What never ended is in the backend still. Look again in the order of the record, not of the map.
	for _, a := range x.e.Accesses {
		if _, open := began[a.Number]; open && !a.Ended && !gaveUp && x.complete() {
			through = append(through, a)
		}
	}
	breaches := x.accessBreach(after, "after-stop", "began after the server had stopped")
	breaches = append(breaches, x.accessBreach(started, "started-late", "of a call from before the stop began after the server had stopped")...)
	return append(breaches, x.accessBreach(through, "through-stop", "outlasted the server's stop")...)
}

// calledBefore says whether the call that a use is for had begun before a moment.
func (x *Index) calledBefore(m ledger.MsgID, moment time.Duration) bool {
	op, ok := x.e.Op(m)
	return ok && op.Began < moment
}

func (x *Index) accessBreach(list []ledger.Access, cause, what string) []result.Breach {
	if len(list) == 0 {
		return nil
	}
	a, n := list[0], int64(len(list))
	s := x.newStory()
	s.title("one of %d: a %s for %s", n, a.Kind, x.messageName(a.Msg))
	s.strike()
	s.drain()
	s.at(a.At, "backend", fmt.Sprintf("a %s for %s begins", a.Kind, x.messageName(a.Msg)))
	return []result.Breach{{
		Invariant: "quiet-after-shutdown", Class: "quiet-after-shutdown/backend/" + cause, Verdict: result.Breached, Count: n,
		Summary: counted(n, "use of the backend ", "uses of the backend ") + what, Evidence: s.lines(),
	}}
}

// lateAdmissions counts the calls that began after the stop had and were accepted, where the server claims
// that there are none.
func (x *Index) lateAdmissions() (n int64, example ledger.Op) {
	if _, claimed := x.claim(ledger.ClaimRefused); !claimed || x.e.Drain == nil || x.e.Drain.Began == 0 {
		return 0, example
	}
	for _, ops := range x.e.Ops {
		for _, op := range ops {
			if op.Outcome == ledger.Accepted && op.Began > x.e.Drain.Began {
				if n++; n == 1 {
					example = op
				}
			}
		}
	}
	return n, example
}
