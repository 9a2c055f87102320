package invariant

import (
	"fmt"
	"slices"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

// everyCallReturns reports calls that a server took and gave no answer to, calls that never return, and calls that
// are told too late that the server is closed.
func everyCallReturns(x *Index, r *breach.Report) {
	x.lostAnswers(r)
	x.stuckCalls(r)
	x.lateRefusals(r)
}

// lostAnswers finds calls that a server had taken, by its own account, and whose answers were lost: their clients
// saw the connection end, or an answer that was not theirs. Such an answer stands in the ledger as a message that
// was discarded on the way to its own sender. What the server had not taken crossed the stop on the wire, which is
// nobody's fault.
func (x *Index) lostAnswers(r *breach.Report) {
	if !x.drained || r.Killed || !x.complete() {
		return
	}
	type loss struct {
		op ledger.Op
		d  ledger.Discard
	}
	var losses breach.Groups[loss]
	for i, d := range x.discards {
		lane := d.Msg.Lane()
		if d.Lane != lane || d.Policy || i > 0 && x.discards[i-1].Msg == d.Msg && x.discards[i-1].Lane == lane {
			continue
		}
		op, ok := x.e.Op(d.Msg)
		_, back := about(x.returnedOf(d.Msg), lane)
		if !ok || back || op.Ended == 0 || op.Outcome != ledger.Unknown || op.Cause == ledger.Cancelled {
			continue // answered all the same, or its client gave it up
		}
		losses.Add("every-call-returns/"+x.e.Text(d.Station)+"/"+x.e.Text(d.Cause), loss{op, d})
	}
	for g := range losses.Found() {
		op, d, who := g.Example.op, g.Example.d, r.Sender(g.Example.op.Msg)
		r.Add(g.Class, g.N, 0, breach.Counted(g.N, "call was taken and never answered", "calls were taken and never answered"),
			r.Story("one of %d: the call of %s", g.N, r.Message(op.Msg)).
				Before(op.Began, who, "called").
				At(d.At, "server", "had taken it and gave it up in "+x.e.Text(d.Where)).
				At(op.Ended, who, "got no answer of its own").
				Drain())
	}
}

// returnedOf lists what was recorded of a message as given back.
func (x *Index) returnedOf(m ledger.MsgID) []ledger.Discard {
	i, found := slices.BinarySearchFunc(x.returned, m, func(d ledger.Discard, m ledger.MsgID) int {
		switch {
		case d.Msg < m:
			return -1
		case d.Msg > m:
			return 1
		}
		return 0
	})
	if !found {
		return nil
	}
	end := i
	for end < len(x.returned) && x.returned[end].Msg == m {
		end++
	}
	return x.returned[i:end]
}

// stuckCalls finds calls that never return after the server has stopped: the call's client was found parked in it,
// with no wake-up under way, after the stop, and nothing else moved that could wake it. While a server hangs its
// calls do too, and the hang is the breach.
func (x *Index) stuckCalls(r *breach.Report) {
	if !x.drained || r.Killed || !x.atRest() || x.serverSleeps() || x.heldByUs() {
		return
	}
	type call struct {
		op   ledger.Op
		task ledger.Task
	}
	var stuck breach.Groups[call]
	for _, t := range x.e.Tasks {
		lane := x.laneOf(t)
		if t.Target || !t.AfterDrain || !t.Parked || lane < 0 || x.subscriber[lane] >= 0 {
			continue // a subscriber's own calls are made on the server's tasks: this one's rest says nothing of them
		}
		if ops := x.e.Ops[lane]; len(ops) > 0 && ops[len(ops)-1].Ended == 0 {
			stuck.Add("every-call-returns/"+breach.Plain(x.e.Lanes[lane].Group)+"/"+x.cause(t), call{ops[len(ops)-1], t})
		}
	}
	for g := range stuck.Found() {
		op, task := g.Example.op, g.Example.task
		who := x.e.Text(task.Name)
		r.Add(g.Class, g.N, 0, breach.Counted(g.N, "call never returns", "calls never return")+": the server has stopped without answering",
			r.Story("one of %d: the call of %s", g.N, r.Message(op.Msg)).
				Before(op.Began, who, "called send").
				Drain().
				Add(who, "still "+x.waits(task)+", and nobody is left to answer"))
	}
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

// lateRefusals finds calls that began after the stop had and learned only after a wait that the server is
// closed. Only a simulated world knows what a call had to wait for.
func (x *Index) lateRefusals(r *breach.Report) {
	c, claimed := x.claim(ledger.ClaimClosed)
	if !r.Virtual || !claimed || x.e.Drain == nil || x.e.Drain.Began == 0 {
		return
	}
	waits := x.waitsOf()
	var late breach.Groups[tardy]
	for _, p := range x.refused {
		o := x.op(p)
		if o.Began > x.e.Drain.Began && (o.Cause == ledger.Closed || o.Cause == ledger.Cancelled) && waits[o.Msg] > c.Within {
			addTardy(&late, "every-call-returns/refusal/late", *o, waits[o.Msg])
		}
	}
	for g := range late.Found() {
		op := g.Example.op
		s := r.Story("the worst of %d: the call of %s", g.N, r.Message(op.Msg)).
			At(x.e.Drain.Began, "server", "has begun to stop").
			At(op.Began, r.Sender(op.Msg), "called")
		x.company(r, op, s.At)
		r.Add(g.Class, g.N, 0, breach.Counted(g.N, "call was", "calls were")+" told late that the server is closed",
			s.At(op.Ended, r.Sender(op.Msg), fmt.Sprintf("was refused: %s, after a wait of %s", breach.Cause(op.Cause), breach.Round(g.Example.took))).Drain())
	}
}
