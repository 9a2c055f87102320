package invariant

import (
	"slices"
	"time"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

// refusals are the classes of wrong reasons, in the order in which they are reported, and what is said of each.
var refusals = []struct{ class, what string }{
	{tooEarly, "told that the server is closed before it was asked to stop"},
	{noReason, "refused during the stop without being told that the server is closed"},
	{tooFull, "told that the server is overloaded after it had stopped"},
}

const (
	tooEarly = "right-error/refusal/closed-before-signal"
	noReason = "right-error/refusal/no-reason"
	tooFull  = "right-error/refusal/overloaded-after-stop"
)

// rightError judges why calls were refused, and what the server's stop returned.
func rightError(x *Index, r *breach.Report) {
	var wrong breach.Groups[*ledger.Op]
	stop, known := x.stopBegan()
	d := x.e.Drain
	for _, p := range x.refused {
		op := x.op(p)
		switch {
		case op.Cause == ledger.Closed:
			// Beyond a cut there may be the signal; a server that is struck as it starts may rightly be closed;
			// so may the connection of a subscriber that was stopped, and what a task owned that panicked.
			if (!known || op.Ended < stop) && x.e.Cut == "" && !x.e.Full && !r.AtStartup &&
				!x.left(int(p.lane), op.Ended) && !x.panickedBy(op.Ended) {
				wrong.Add(tooEarly, op)
			}
		case d == nil || d.Began == 0 || op.Began <= d.Began:
		case op.Cause == 0 || op.Cause == ledger.OtherCause:
			wrong.Add(noReason, op)
		case op.Cause == ledger.Overloaded && x.drained && op.Began > d.Ended:
			wrong.Add(tooFull, op)
		}
	}
	for _, refusal := range refusals {
		if g := wrong.Class(refusal.class); g.N > 0 {
			op := g.Example
			r.Add(g.Class, g.N, 0, breach.Counted(g.N, "call was ", "calls were ")+refusal.what,
				r.Story("one of %d: the call of %s", g.N, r.Message(op.Msg)).
					Before(op.Ended, r.Sender(op.Msg), "was refused: "+breach.Cause(op.Cause)).
					Drain())
		}
	}
	// A server with a crashed task, or with work left that it says it left, is right to return an error; and
	// one that stopped unasked has another invariant to answer.
	if x.struck && x.drained && d.How == ledger.DrainFailed && d.Left == 0 && !x.panicked() {
		r.Add("right-error/stop/returned-error", 1, 0, "the stop returned an error: "+x.e.Text(d.Error), r.Story("").Drain())
	}
}

// left says whether a lane's subscription had ended by then.
func (x *Index) left(lane int, by time.Duration) bool {
	n := x.subscriber[lane]
	return n >= 0 && slices.ContainsFunc(x.subscribers[n].spans, func(s ledger.Subscription) bool { return s.Until != 0 && s.Until <= by })
}
