package invariant

import (
	"fmt"
	"slices"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

// writerProgress judges the calls that the server claims to answer within a time. In a simulated world it
// counts only time that no schedule could have spared the call; where nobody could move at all before any
// signal, a call that is open will stay so. In a real one a call is late at five times the claim, less
// what the machine took (docs/decisions/0004). Only the time before the signal counts: what comes after is the drain's.
func writerProgress(x *Index, terms Terms) []result.Breach {
	var breaches []result.Breach
	waits := x.waitsOf()
	for _, c := range x.e.Claims {
		if x.e.Text(c.What) != ledger.ClaimAnswered {
			continue
		}
		op := x.e.Text(c.Op)
		var late, stuck tardy
		for lane, info := range x.e.Lanes {
			if info.Op != op || lane >= len(x.e.Ops) {
				continue
			}
			for _, o := range x.e.Ops[lane] {
				switch took := x.tookSteady(o, waits, terms); {
				case took > c.Within:
					late.add(o, took)
				case terms.Virtual && o.Ended == 0 && x.stoodStill(lane):
					stuck.add(o, 0)
				}
			}
		}
		breaches = append(breaches, x.tardyBreach(late, op, "late", fmt.Sprintf("claimed is an answer within %s", round(c.Within)))...)
		breaches = append(breaches, x.tardyBreach(stuck, op, "stuck", "nobody could move any more, and no signal had been sent")...)
	}
	return breaches
}

// A tardy counts calls that took too long, and keeps the worst.
type tardy struct {
	n     int64
	worst ledger.Op
	took  time.Duration
}

func (l *tardy) add(o ledger.Op, took time.Duration) {
	if l.n++; l.n == 1 || took > l.took {
		l.worst, l.took = o, took
	}
}

// tookSteady is for how long a call was kept waiting, as far as that is the server's doing; of a real trial a fifth
// of it, so that it is held to the claim itself.
func (x *Index) tookSteady(o ledger.Op, waits map[ledger.MsgID]time.Duration, terms Terms) time.Duration {
	if terms.Virtual && x.struck && (o.Ended == 0 || o.Ended > x.strikeAt) {
		return 0 // how much of the wait came before the signal is not known
	}
	if terms.Virtual {
		return waits[o.Msg]
	}
	if !x.struck || o.Began >= x.strikeAt {
		return 0
	}
	end := o.Ended
	if end == 0 || end > x.strikeAt {
		end = x.strikeAt
	}
	return (end - o.Began - x.stalledBefore()) / 5
}

// stalledBefore is for how long the trial's process stood still before the signal.
func (x *Index) stalledBefore() time.Duration {
	var sum time.Duration
	for _, g := range x.e.Gauges {
		if x.e.Text(g.Name) == ledger.StallBeforeGauge {
			sum += time.Duration(g.Value)
		}
	}
	return sum
}

// waitsOf is for how much of a call's time nobody could go on, by message.
func (x *Index) waitsOf() map[ledger.MsgID]time.Duration {
	if len(x.e.Waits) > 0 && x.waitsBy == nil {
		x.waitsBy = make(map[ledger.MsgID]time.Duration, len(x.e.Waits))
		for _, w := range x.e.Waits {
			x.waitsBy[w.Msg] = w.For
		}
	}
	return x.waitsBy
}

// stoodStill says whether a lane's client was found parked when nobody could move and no signal had come.
func (x *Index) stoodStill(lane int) bool {
	return !x.struck && !x.drained && slices.ContainsFunc(x.e.Tasks, func(t ledger.Task) bool {
		return !t.Target && t.Parked && !t.AfterDrain && x.laneOf(t) == lane
	})
}

func (x *Index) tardyBreach(l tardy, op, cause, why string) []result.Breach {
	if l.n == 0 {
		return nil
	}
	s := x.newStory()
	who := x.e.LaneName(l.worst.Msg.Lane())
	s.title("the worst of %d: the call of %s; %s", l.n, x.messageName(l.worst.Msg), why)
	s.at(l.worst.Began, who, "called "+op)
	if l.worst.Ended != 0 {
		s.at(l.worst.Ended, who, "got its answer: "+l.worst.Outcome.String())
	}
	s.strike()
	for _, t := range x.e.Tasks {
		if t.Parked && s.tailRoom() {
			s.add(x.e.Text(t.Name), x.waits(t))
		}
	}
	return []result.Breach{{
		Invariant: "writer-progress", Class: "writer-progress/" + op + "/" + cause, Verdict: result.Breached, Count: l.n,
		Summary: counted(l.n, op+" was", op+" calls were") + " kept waiting: " + why, Evidence: s.lines(),
	}}
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
