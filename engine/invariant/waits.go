package invariant

import (
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

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

// A tardy is a call that took too long.
type tardy struct {
	op   ledger.Op
	took time.Duration
}

// addTardy counts a call that took too long. The example of its class is the worst.
func addTardy(groups *breach.Groups[tardy], class string, op ledger.Op, took time.Duration) {
	g := groups.Class(class)
	if g.Add(tardy{op, took}); took > g.Example.took {
		g.Example = tardy{op, took}
	}
}

// company tells of the calls that were under way when a call began, one an op: those in the backend, with
// what they hold there, and those that had no answer either.
func (x *Index) company(r *breach.Report, o ledger.Op, tell func(when time.Duration, who, what string) *breach.Story) {
	for _, inside := range []bool{true, false} {
		var told []string
		for lane, ops := range x.e.Ops {
			op := x.e.Lanes[lane].Op
			i := sort.Search(len(ops), func(i int) bool { return ops[i].Began >= o.Began }) - 1
			if i < 0 || lane == o.Msg.Lane() || ops[i].Ended != 0 && ops[i].Ended <= o.Began || slices.Contains(told, op) {
				continue
			}
			switch since, isInside := x.insideAt(ops[i].Msg, o.Began); {
			case isInside != inside:
				continue
			case inside:
				tell(since, x.e.LaneName(lane), fmt.Sprintf("its %s (%s) is in the backend from now on", op, r.Message(ops[i].Msg)))
			default:
				tell(ops[i].Began, x.e.LaneName(lane), "called "+op+", and has to wait")
			}
			told = append(told, op)
		}
	}
}

// insideAt says since when a call had been in the backend at a moment, if it was.
func (x *Index) insideAt(m ledger.MsgID, moment time.Duration) (time.Duration, bool) {
	for i, a := range x.e.Accesses {
		if a.Msg != m || a.Ended || a.At > moment {
			continue
		}
		if left, ended := x.leftAt(i); !ended || left > moment {
			return a.At, true
		}
	}
	return 0, false
}

// leftAt is when a use of the backend ended, by the place of its begin in the record; false: it did not.
func (x *Index) leftAt(began int) (time.Duration, bool) {
	for _, a := range x.e.Accesses[began+1:] {
		if a.Ended && a.Number == x.e.Accesses[began].Number {
			return a.At, true
		}
	}
	return 0, false
}
