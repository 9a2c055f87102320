package invariant

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

func boundedQueue(x *Index, r *breach.Report) {
	x.reportGauges(r, "bounded-queue", "over-bound", func(g ledger.Gauge) bool {
		return g.Bound > 0 && g.Value > g.Bound
	}, "%s held %d%s, more than its bound")
	x.heldOver(r)
}

// heldOver holds a bound to the clients' own books: so many of them certainly held what is bounded at one moment. In
// virtual time once is enough. In the real world it takes two moments, of which the second comes when all those of the
// first have ended: no single pair of clock readings decides.
func (x *Index) heldOver(r *breach.Report) {
	least := 2
	if r.Virtual {
		least = 1
	}
	for _, holds := range x.heldTogether() {
		places, worst := overBound(holds)
		if places < least {
			continue
		}
		first := worst[0]
		what, of := x.e.Text(first.What), x.e.Text(first.Of)
		s := r.Story("those who held one at that moment, by what they were told and answered:")
		for _, h := range worst {
			who := x.e.LaneName(h.Msg.Lane())
			s.At(h.From, who, fmt.Sprintf("has one of the %s (%s)", what, r.Message(h.Msg)))
			s.At(h.To, who, "has it still, as the answer to what it sends now will show")
		}
		r.Add("bounded-queue/"+breach.Plain(what)+"/held-by-clients", int64(places), 0,
			fmt.Sprintf("clients held %d %s of %s at once, by their own books; the bound is %d", len(worst), what, of, first.Bound), s)
	}
}

// heldTogether are the holds that share a bound, by name.
func (x *Index) heldTogether() [][]ledger.Held {
	all := slices.Clone(x.e.Holds)
	key := func(h ledger.Held) string { return x.e.Text(h.What) + "\x00" + x.e.Text(h.Of) }
	slices.SortStableFunc(all, func(a, b ledger.Held) int {
		return cmp.Or(cmp.Compare(key(a), key(b)), cmp.Compare(a.From, b.From))
	})
	var groups [][]ledger.Held
	for i := 0; i < len(all); {
		n := i + 1
		for n < len(all) && key(all[n]) == key(all[i]) {
			n++
		}
		groups = append(groups, all[i:n])
		i = n
	}
	return groups
}

// overBound goes through holds in the order of their begins. It returns at how many moments more were held than the
// bound, each after the holds of the one before had ended, and the holds of the worst moment. What ends at a moment is
// not held in it.
func overBound(holds []ledger.Held) (places int, worst []ledger.Held) {
	var open []ledger.Held
	var over time.Duration // when the holds of the last place had ended
	for _, h := range holds {
		open = slices.DeleteFunc(open, func(o ledger.Held) bool { return o.To <= h.From })
		if h.To <= h.From {
			continue
		}
		open = append(open, h)
		if int64(len(open)) <= h.Bound {
			continue
		}
		if len(open) > len(worst) {
			worst = slices.Clone(open)
		}
		if places == 0 || h.From >= over {
			places++
			over = 0
			for _, o := range open {
				over = max(over, o.To)
			}
		}
	}
	return places, worst
}
