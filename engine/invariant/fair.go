package invariant

import (
	"fmt"
	"time"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
)

// fair judges what some of a server's clients do to others: connections that it declared dead for other people's
// traffic, and calls that others kept waiting for longer than it claims.
func fair(x *Index, r *breach.Report) {
	if !r.Killed {
		x.declaredDead(r)
		x.keptWaiting(r)
		x.pastDeadline(r)
	}
}

// closeTimeout is the close code of a connection whose other side was declared dead.
const closeTimeout = 3008

// declaredDead finds lasting connections that the server declared dead although their clients and whoever
// they talk to were alive: every part of a trial answers at once, so what made them late is somebody else's
// traffic. In virtual time anybody may be late for no reason.
func (x *Index) declaredDead(r *breach.Report) {
	if r.Virtual {
		return
	}
	x.reportSockets(r, "fair", "declared-dead", func(w ledger.Wire) bool {
		return w.End == extern.WireClosed && w.Code == closeTimeout
	}, "was declared dead, and was not: the traffic of others kept its answers back")
}

// keptWaiting judges the calls that the server claims others do not keep waiting for longer than a time, in
// a simulated world: only such waiting counts as no schedule could have spared the call, less what it took in
// the backend itself. In a real one a call's thread may stand still alone, so nobody's wait is certain.
// Where a window is held open it is racebench that keeps calls waiting.
func (x *Index) keptWaiting(r *breach.Report) {
	if !r.Virtual || r.Widened {
		return
	}
	for _, c := range x.e.Claims {
		if x.e.Text(c.What) != ledger.ClaimFair {
			continue
		}
		op := x.e.Text(c.Op)
		var late breach.Groups[tardy]
		for lane, info := range x.e.Lanes {
			if info.Op != op || lane >= len(x.e.Ops) {
				continue
			}
			for _, o := range x.e.Ops[lane] {
				if kept := x.keptFor(o, c.Within); kept > c.Within {
					addTardy(&late, "fair/"+breach.Plain(op)+"/kept-waiting", o, kept)
				}
			}
		}
		for g := range late.Found() {
			x.reportWait(r, g, op, c.Within)
		}
	}
}

// keptFor is for how long others kept a call waiting that had begun before the signal.
func (x *Index) keptFor(o ledger.Op, claimed time.Duration) time.Duration {
	if o.Ended == 0 || x.struck && o.Began >= x.strikeAt {
		return 0
	}
	if waited := x.waitsOf()[o.Msg]; waited > claimed {
		return waited - x.workFor(o.Msg)
	}
	return 0
}

// workFor is what a call took in the backend itself; for ever where it is there still.
func (x *Index) workFor(m ledger.MsgID) time.Duration {
	var took time.Duration
	for i, a := range x.e.Accesses {
		if a.Msg != m || a.Ended {
			continue
		}
		left, ended := x.leftAt(i)
		if !ended {
			return forEver
		}
		took += left - a.At
	}
	return took
}

func (x *Index) reportWait(r *breach.Report, g *breach.Group[tardy], op string, claimed time.Duration) {
	worst := g.Example.op
	who := r.Sender(worst.Msg)
	s := r.Story("the worst of %d: the call of %s; others may keep it waiting for %s", g.N, r.Message(worst.Msg), breach.Round(claimed)).
		Before(worst.Began, who, "called "+op)
	x.company(r, worst, s.Before)
	if worst.Ended != 0 {
		s.Before(worst.Ended, who, "got its answer: "+worst.Outcome.String())
	}
	r.Add(g.Class, g.N, 0, breach.Counted(g.N, op+" was", op+" calls were")+fmt.Sprintf(" kept waiting by others for longer than %s", breach.Round(claimed)),
		s.Add(who, fmt.Sprintf("waited for %s, however fast the machine", breach.Round(g.Example.took))))
}
