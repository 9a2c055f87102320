package invariant

import (
	"fmt"
	"slices"
	"time"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

// writerProgress judges the calls that the server claims to answer within a time. In a simulated world it
// counts only time that no schedule could have spared the call; where nobody could move at all before any
// signal, a call that is open will stay so. In a real one a call is late at five times the claim, less
// what the machine took (docs/decisions/0004). Only the time before the signal counts: what comes after is the drain's.
func writerProgress(x *Index, r *breach.Report) {
	waits := x.waitsOf()
	for _, c := range x.e.Claims {
		if x.e.Text(c.What) != ledger.ClaimAnswered {
			continue
		}
		op := x.e.Text(c.Op)
		class := "writer-progress/" + op
		var kept breach.Groups[tardy]
		late, stuck := kept.Class(class+"/late"), kept.Class(class+"/stuck")
		for lane, info := range x.e.Lanes {
			if info.Op != op || lane >= len(x.e.Ops) {
				continue
			}
			for _, o := range x.e.Ops[lane] {
				switch took := x.tookSteady(o, waits, r.Terms); {
				case took > c.Within:
					addTardy(&kept, late.Class, o, took)
				case r.Virtual && o.Ended == 0 && x.stoodStill(lane):
					addTardy(&kept, stuck.Class, o, 0)
				}
			}
		}
		x.reportTardy(r, late, op, fmt.Sprintf("claimed is an answer within %s", breach.Round(c.Within)))
		x.reportTardy(r, stuck, op, "nobody could move any more, and no signal had been sent")
	}
}

// tookSteady is for how long a call was kept waiting, as far as that is the server's doing; of a real trial a fifth
// of it, so that it is held to the claim itself.
func (x *Index) tookSteady(o ledger.Op, waits map[ledger.MsgID]time.Duration, terms breach.Terms) time.Duration {
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

func (x *Index) reportTardy(r *breach.Report, g *breach.Group[tardy], op, why string) {
	if g.N == 0 {
		return
	}
	worst := g.Example.op
	who := r.Sender(worst.Msg)
	s := r.Story("the worst of %d: the call of %s; %s", g.N, r.Message(worst.Msg), why).Before(worst.Began, who, "called "+op)
	if worst.Ended != 0 {
		s.Before(worst.Ended, who, "got its answer: "+worst.Outcome.String())
	}
	for _, t := range x.e.Tasks {
		if t.Parked && s.TailRoom() {
			s.Add(x.e.Text(t.Name), x.waits(t))
		}
	}
	r.Add(g.Class, g.N, 0, breach.Counted(g.N, op+" was", op+" calls were")+" kept waiting: "+why, s)
}
