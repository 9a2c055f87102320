package invariant

import (
	"fmt"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/result"
)

// unfair accuses a server of what some of its clients do to others: of connections that it declared dead
// for other people's traffic, and of calls that others kept waiting for longer than it claims.
func unfair(x *Index, terms Terms) []result.Breach {
	if terms.Killed {
		return nil
	}
	return append(x.declaredDead(terms), x.keptWaiting(terms)...)
}

// closeTimeout is the close code of a connection whose other side was declared dead.
const closeTimeout = 3008

// declaredDead finds lasting connections that the server declared dead although their clients and whoever
// they talk to were alive: every part of a trial answers at once, so what made them late is somebody else's
// traffic. In virtual time anybody may be late for no reason.
func (x *Index) declaredDead(terms Terms) []result.Breach {
	if terms.Virtual {
		return nil
	}
	return x.socketBreaches("fair", "declared-dead", func(w ledger.Wire) bool {
		return w.End == extern.WireClosed && w.Code == closeTimeout
	}, "was declared dead, and was not: the traffic of others kept its answers back")
}

// keptWaiting judges the calls that the server claims others do not keep waiting for longer than a time, in
// a simulated world: only such waiting counts as no schedule could have spared the call, less what it took in
// the backend itself. In a real one a call's thread may stand still alone, so nobody's wait is certain.
// Where a window is held open it is racebench that keeps calls waiting.
func (x *Index) keptWaiting(terms Terms) []result.Breach {
	if !terms.Virtual || terms.Widened {
		return nil
	}
	var breaches []result.Breach
	for _, c := range x.e.Claims {
		if x.e.Text(c.What) != ledger.ClaimFair {
			continue
		}
		op := x.e.Text(c.Op)
		var late tardy
		for lane, info := range x.e.Lanes {
			if info.Op != op || lane >= len(x.e.Ops) {
				continue
			}
			for _, o := range x.e.Ops[lane] {
				if kept := x.keptFor(o, c.Within); kept > c.Within {
					late.add(o, kept)
				}
			}
		}
		if late.n > 0 {
			breaches = append(breaches, x.waitBreach(late, op, c.Within))
		}
	}
	return breaches
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

func (x *Index) waitBreach(l tardy, op string, claimed time.Duration) result.Breach {
	s := x.newStory()
	who := x.e.LaneName(l.worst.Msg.Lane())
	s.title("the worst of %d: the call of %s; others may keep it waiting for %s", l.n, x.messageName(l.worst.Msg), round(claimed))
	s.at(l.worst.Began, who, "called "+op)
	x.company(s, l.worst)
	if l.worst.Ended != 0 {
		s.at(l.worst.Ended, who, "got its answer: "+l.worst.Outcome.String())
	}
	s.strike()
	s.add(who, fmt.Sprintf("waited for %s, however fast the machine", round(l.took)))
	return result.Breach{
		Invariant: "fair", Class: "fair/" + plain(op) + "/kept-waiting", Verdict: result.Breached, Count: l.n,
		Summary:  counted(l.n, op+" was", op+" calls were") + fmt.Sprintf(" kept waiting by others for longer than %s", round(claimed)),
		Evidence: s.lines(),
	}
}
