package invariant

import (
	"fmt"
	"slices"

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

// lostAnswers accuses a server that has stopped of calls that it had taken, by its own account, and whose
// answers were lost: their clients saw the connection end, or an answer that was not theirs. Such an answer
// stands in the ledger as a message that was discarded on the way to its own sender. What the server had
// not taken crossed the stop on the wire, which is nobody's fault.
func lostAnswers(x *Index, terms Terms) []result.Breach {
	if !x.drained || terms.Killed || !x.complete() {
		return nil
	}
	type loss struct {
		class string
		count int64
		op    ledger.Op
		d     ledger.Discard
	}
	var losses []*loss
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
		class := "every-call-returns/" + x.e.Text(d.Station) + "/" + x.e.Text(d.Cause)
		n := slices.IndexFunc(losses, func(l *loss) bool { return l.class == class })
		if n < 0 {
			n = len(losses)
			losses = append(losses, &loss{class: class, op: op, d: d})
		}
		losses[n].count++
	}
	var breaches []result.Breach
	for _, l := range losses {
		s := x.newStory()
		s.title("one of %d: the call of %s", l.count, x.messageName(l.op.Msg))
		s.at(l.op.Began, x.e.LaneName(l.op.Msg.Lane()), "called")
		s.strike()
		s.at(l.d.At, "server", "had taken it and gave it up in "+x.e.Text(l.d.Where))
		s.at(l.op.Ended, x.e.LaneName(l.op.Msg.Lane()), "got no answer of its own")
		s.drain()
		breaches = append(breaches, result.Breach{
			Invariant: "every-call-returns", Class: l.class, Verdict: result.Breached, Count: l.count,
			Summary:  counted(l.count, "call was taken and never answered", "calls were taken and never answered"),
			Evidence: s.lines(),
		})
	}
	return breaches
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

// lateRefusals finds calls that began after the stop had and learned only after a wait that the server is
// closed. Only a simulated world knows what a call had to wait for.
func lateRefusals(x *Index, terms Terms) []result.Breach {
	c, claimed := x.claim(ledger.ClaimClosed)
	if !terms.Virtual || !claimed || x.e.Drain == nil || x.e.Drain.Began == 0 {
		return nil
	}
	waits := x.waitsOf()
	var late tardy
	for _, p := range x.refused {
		o := x.op(p)
		if o.Began > x.e.Drain.Began && (o.Cause == ledger.Closed || o.Cause == ledger.Cancelled) && waits[o.Msg] > c.Within {
			late.add(*o, waits[o.Msg])
		}
	}
	if late.n == 0 {
		return nil
	}
	s := x.newStory()
	who := x.e.LaneName(late.worst.Msg.Lane())
	s.title("the worst of %d: the call of %s", late.n, x.messageName(late.worst.Msg))
	s.strike()
	s.at(x.e.Drain.Began, "server", "has begun to stop")
	s.at(late.worst.Began, who, "called")
	x.company(s, late.worst)
	s.at(late.worst.Ended, who, fmt.Sprintf("was refused: %s, after a wait of %s", causeName(late.worst.Cause), round(late.took)))
	s.drain()
	return []result.Breach{{
		Invariant: "every-call-returns", Class: "every-call-returns/refusal/late", Verdict: result.Breached, Count: late.n,
		Summary: counted(late.n, "call was", "calls were") + " told late that the server is closed", Evidence: s.lines(),
	}}
}
