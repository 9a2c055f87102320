package invariant

import (
	"slices"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

// openCalls accuses a server of calls that it took and gave no answer to, of calls that never return, and of
// calls that are told too late that it is closed.
func openCalls(x *Index, terms Terms) []result.Breach {
	return slices.Concat(lostAnswers(x, terms), stuckCalls(x, terms), lateRefusals(x, terms))
}

// stuckCalls accuses a server that has stopped of calls that never return: the call's client was found
// parked in it, with no wake-up under way, after the stop, and nothing else moved that could wake it.
// While a server hangs its calls do too, and the hang is the breach.
func stuckCalls(x *Index, terms Terms) []result.Breach {
	if !x.drained || terms.Killed || !x.atRest() || x.serverSleeps() || x.heldByUs() {
		return nil
	}
	type stuck struct {
		op   ledger.Op
		task ledger.Task
	}
	classes := map[string][]stuck{}
	var order []string
	for _, t := range x.e.Tasks {
		lane := x.laneOf(t)
		if t.Target || !t.AfterDrain || !t.Parked || lane < 0 || x.subscriber[lane] >= 0 {
			continue // a subscriber's own calls are made on the server's tasks: this one's rest says nothing of them
		}
		ops := x.e.Ops[lane]
		if len(ops) == 0 || ops[len(ops)-1].Ended != 0 {
			continue
		}
		class := "every-call-returns/" + plain(x.e.Lanes[lane].Group) + "/" + x.cause(t)
		if classes[class] == nil {
			order = append(order, class)
		}
		classes[class] = append(classes[class], stuck{ops[len(ops)-1], t})
	}
	var breaches []result.Breach
	for _, class := range order {
		all := classes[class]
		s := x.newStory()
		who := x.e.Text(all[0].task.Name)
		s.title("one of %d: the call of %s", len(all), x.messageName(all[0].op.Msg))
		s.at(all[0].op.Began, who, "called send")
		s.strike()
		s.drain()
		s.add(who, "still "+x.waits(all[0].task)+", and nobody is left to answer")
		breaches = append(breaches, result.Breach{
			Invariant: "every-call-returns", Class: class, Verdict: result.Breached, Count: int64(len(all)),
			Summary: counted(int64(len(all)), "call never returns", "calls never return") + ": the server has stopped without answering", Evidence: s.lines(),
		})
	}
	return breaches
}

// serverSleeps says whether a task of the server was left on the clock: it may answer yet.
func (x *Index) serverSleeps() bool {
	return slices.ContainsFunc(x.e.Tasks, func(t ledger.Task) bool { return t.Target && t.AfterDrain && !t.Parked })
}

// heldByUs says whether a client may be parked in a window that is held until the server announces its
// drain, which it never did.
func (x *Index) heldByUs() bool {
	return x.e.Drain.Began == 0 && slices.ContainsFunc(x.e.Windows, func(w ledger.Window) bool { return w.Widened })
}

// laneOf is the lane of a client's task, or -1.
func (x *Index) laneOf(t ledger.Task) int {
	name := x.e.Text(t.Name)
	for lane, info := range x.e.Lanes {
		if info.Name == name && lane < len(x.e.Ops) {
			return lane
		}
	}
	return -1
}

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

// stopBegan is the first moment at which a client may rightly be told that the server is closed.
func (x *Index) stopBegan() (time.Duration, bool) {
	at, known := x.asked()
	if d := x.e.Drain; d != nil {
		for _, moment := range []time.Duration{d.Began, d.Ended} {
			if moment > 0 && (!known || moment < at) {
				at, known = moment, true
			}
		}
	}
	return at, known
}

// left says whether a lane's subscription had ended by then.
func (x *Index) left(lane int, by time.Duration) bool {
	n := x.subscriber[lane]
	return n >= 0 && slices.ContainsFunc(x.subscribers[n].spans, func(s ledger.Subscription) bool { return s.Until != 0 && s.Until <= by })
}

func (x *Index) panicked() bool { return x.panickedBy(forEver) }

// panickedBy says whether a task of the server had panicked by then.
func (x *Index) panickedBy(moment time.Duration) bool {
	return slices.ContainsFunc(x.e.Panics, func(p ledger.Panic) bool { return p.Target && p.At <= moment })
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

func causeName(c ledger.Cause) string {
	switch c {
	case ledger.Closed:
		return "closed"
	case ledger.Timeout:
		return "timeout"
	case ledger.Overloaded:
		return "overloaded"
	case ledger.Cancelled:
		return "cancelled"
	case ledger.OtherCause:
		return "another reason"
	}
	return "no reason given"
}
