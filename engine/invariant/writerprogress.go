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
