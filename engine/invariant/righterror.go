package invariant

import (
	"slices"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

// rightErrors judges why calls were refused, and what the server's stop returned.
func rightErrors(x *Index, terms Terms) []result.Breach {
	var early, silent, full []*ledger.Op
	stop, known := x.stopBegan()
	d := x.e.Drain
	for _, p := range x.refused {
		op := x.op(p)
		switch {
		case op.Cause == ledger.Closed:
			// Beyond a cut there may be the signal; a server that is struck as it starts may rightly be closed;
			// so may the connection of a subscriber that was stopped, and what a task owned that panicked.
			if (!known || op.Ended < stop) && x.e.Cut == "" && !x.e.Full && !terms.AtStartup &&
				!x.left(int(p.lane), op.Ended) && !x.panickedBy(op.Ended) {
				early = append(early, op)
			}
		case d == nil || d.Began == 0 || op.Began <= d.Began:
		case op.Cause == ledger.NoCause || op.Cause == ledger.OtherCause:
			silent = append(silent, op)
		case op.Cause == ledger.Overloaded && x.drained && op.Began > d.Ended:
			full = append(full, op)
		}
	}
	var breaches []result.Breach
	for _, w := range []struct {
		ops     []*ledger.Op
		class   string
		summary string
	}{
		{early, "closed-before-signal", "told that the server is closed before it was asked to stop"},
		{silent, "no-reason", "refused during the stop without being told that the server is closed"},
		{full, "overloaded-after-stop", "told that the server is overloaded after it had stopped"},
	} {
		if len(w.ops) > 0 {
			n := int64(len(w.ops))
			breaches = append(breaches, x.wrongError(w.ops, "right-error/refusal/"+w.class, counted(n, "call was ", "calls were ")+w.summary))
		}
	}
	// A server with a crashed task, or with work left that it says it left, is right to return an error; and
	// one that stopped unasked has another invariant to answer.
	if x.struck && x.drained && d.How == ledger.DrainFailed && d.Left == 0 && !x.panicked() {
		s := x.newStory()
		s.strike()
		s.drain()
		breaches = append(breaches, result.Breach{
			Invariant: "right-error", Class: "right-error/stop/returned-error", Verdict: result.Breached, Count: 1,
			Summary: "the stop returned an error: " + x.e.Text(d.Error), Evidence: s.lines(),
		})
	}
	return breaches
}

// left says whether a lane's subscription had ended by then.
func (x *Index) left(lane int, by time.Duration) bool {
	n := x.subscriber[lane]
	return n >= 0 && slices.ContainsFunc(x.subscribers[n].spans, func(s ledger.Subscription) bool { return s.Until != 0 && s.Until <= by })
}

func (x *Index) wrongError(ops []*ledger.Op, class, summary string) result.Breach {
	s := x.newStory()
	s.title("one of %d: the call of %s", len(ops), x.messageName(ops[0].Msg))
	s.at(ops[0].Ended, x.e.LaneName(ops[0].Msg.Lane()), "was refused: "+causeName(ops[0].Cause))
	s.strike()
	s.drain()
	return result.Breach{
		Invariant: "right-error", Class: class, Verdict: result.Breached, Count: int64(len(ops)), Summary: summary, Evidence: s.lines(),
	}
}
