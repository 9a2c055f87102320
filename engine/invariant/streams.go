package invariant

import (
	"fmt"
	"time"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

// A streamed is a use of the backend by a stream: a snapshot, from its begin to its end.
type streamed struct{ began, ended ledger.Access }

// streams are the streams that ended, where the server claims when they do and waiting can be told from working: in a
// simulated world, by the time in which nobody could go on. A stream that is not at work in such time waits for its
// client. Where a window is held open it is racebench that keeps the server waiting.
func (x *Index) streams(r *breach.Report) (all []streamed, within time.Duration) {
	claim, claimed := x.claim(ledger.ClaimStreamEnds)
	if !claimed || !r.Virtual || r.Widened {
		return nil, 0
	}
	begun := map[uint64]ledger.Access{}
	for _, a := range x.e.Accesses {
		if !a.Ended && a.Kind == ledger.SnapshotAccess {
			begun[a.Number] = a
		} else if b, ok := begun[a.Number]; ok && a.Ended {
			all = append(all, streamed{b, a})
		}
	}
	return all, claim.Within
}

// pastDeadline finds streams that went on waiting for their clients when their own deadline was over: what they hold,
// others wait for.
func (x *Index) pastDeadline(r *breach.Report) {
	all, within := x.streams(r)
	x.reportStreams(r, "fair/stream/past-its-deadline", all, fmt.Sprintf("a stream waited for its client for longer than its deadline of %s", breach.Round(within)),
		func(s streamed) bool { return s.ended.Idle-s.began.Idle > within })
}

// heldDrain finds streams that went on waiting for their clients when the drain had begun: it waits for them.
func (x *Index) heldDrain(r *breach.Report) {
	d := x.e.Drain
	if d == nil || d.Began == 0 || !x.struck {
		return
	}
	all, _ := x.streams(r)
	x.reportStreams(r, "drain-ends/stream/waited-for-its-client", all, "the drain waited for a stream whose client did not read",
		func(s streamed) bool { return s.began.At < d.Began && s.ended.At > d.Began && s.ended.Idle > d.Idle })
}

func (x *Index) reportStreams(r *breach.Report, class string, all []streamed, summary string, wrong func(streamed) bool) {
	var late breach.Groups[streamed]
	for _, s := range all {
		if wrong(s) {
			late.Add(class, s)
		}
	}
	for g := range late.Found() {
		s, who := g.Example, r.Sender(g.Example.began.Msg)
		r.Add(g.Class, g.N, 0, summary, r.Story("one of %d", g.N).Drain().
			At(s.began.At, who, "its stream has a producer").
			At(s.ended.At, who, "its producer has ended; nobody could go on for "+breach.Round(s.ended.Idle-s.began.Idle).String()))
	}
}
