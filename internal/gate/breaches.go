package gate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/racebench/racebench/engine/result"
)

// The states of a class of breach.
const (
	New     State = "new"           // the base has not shown it, and known: does not list it: fails. Of a metric: the base has no such result
	Expired State = "expired"       // a known entry listed it until its last day; fails unless the base shows it too
	OnBase  State = "on base too"   // the base shows it: a warning, not the head's doing
	Rose    State = "more often"    // the base or known: has it, and the head has significantly more of it: fails
	Known   State = "known"         // the scenario lists it
	Planted State = "planted"       // a positive control: it is to show
	Gone    State = "gone"          // the base showed it, the head has not
	Open    State = "base untested" // the base was not tested, so nobody knows if it is new
)

// A BreachChange is one class of breach on both sides.
type BreachChange struct {
	Invariant string            `json:"invariant"`
	Class     string            `json:"class"`
	Verdict   result.Verdict    `json:"verdict"`
	State     State             `json:"state"`
	Fails     bool              `json:"fails,omitempty"`
	Base      int               `json:"base"` // trials that showed it
	Head      int               `json:"head"`
	P         *float64          `json:"p,omitempty"`       // how likely so many more are by chance; absent where it was not asked
	Known     string            `json:"known,omitempty"`   // why it is tolerated
	Expired   string            `json:"expired,omitempty"` // the last day that it was
	Summary   string            `json:"summary"`
	First     result.FirstTrial `json:"first"` // of the head, or of the base when it is gone

	trials [2]int
}

// breachesOf lists the classes of both sides: the head's first, in its order. Rates are compared only when
// both are of the same scenario.
func breachesOf(base, head result.Row, same bool) []BreachChange {
	var all []BreachChange
	for _, b := range head.Breaches {
		ch := BreachChange{
			Invariant: b.Invariant, Class: b.Class, Verdict: b.Verdict, Head: b.Trials, Known: b.Known, Expired: b.Expired,
			Summary: b.Summary, First: b.First, trials: [2]int{base.Trials.Run, head.Trials.Run},
		}
		kept := false // in the base, by a kept schedule if not by a trial
		for _, o := range base.Breaches {
			if o.Class == b.Class {
				ch.Base, kept = o.Trials, len(o.Kept) > 0
			}
		}
		switch {
		case b.Planted:
			ch.State = Planted
		case b.Known != "":
			ch.State = Known
		case b.Expired == "" && (ch.Base > 0 || kept):
			ch.State = OnBase
		case base.Verdict == result.Untested:
			ch.State = Open
		case b.Expired != "":
			ch.State = Expired
		default:
			ch.State = New
		}
		ch.Fails = ch.Base == 0 && (ch.State == New || ch.State == Expired)
		if (ch.Base > 0 || expected(base, ch.Class)) && ch.State != Planted && same {
			p := fisher(ch.Base, base.Trials.Run, ch.Head, head.Trials.Run)
			ch.P = &p
		}
		all = append(all, ch)
	}
	for _, o := range base.Breaches {
		if !slices.ContainsFunc(all, func(ch BreachChange) bool { return ch.Class == o.Class }) {
			all = append(all, BreachChange{
				Invariant: o.Invariant, Class: o.Class, Verdict: o.Verdict, State: Gone, Base: o.Trials, Known: o.Known,
				Summary: o.Summary, First: o.First, trials: [2]int{base.Trials.Run, head.Trials.Run},
			})
		}
	}
	slices.SortStableFunc(all, func(a, b BreachChange) int { return cmp.Compare(rank(a), rank(b)) })
	return all
}

// expected reports that the base's scenario listed a class that its trials did not show.
func expected(base result.Row, class string) bool {
	return slices.ContainsFunc(base.Unseen, func(known string) bool {
		prefix, any := strings.CutSuffix(known, "*")
		return class == known || any && strings.HasPrefix(class, prefix)
	})
}

// rank puts failures first.
func rank(b BreachChange) int {
	if b.Fails {
		return 0
	}
	return 1
}

// heldBy are the invariants of the head that no trial of either side broke.
func heldBy(base, head result.Row) []string {
	var held []string
	for _, name := range head.Tried() {
		broken := func(b result.RowBreach) bool { return b.Invariant == name }
		if !slices.ContainsFunc(base.Breaches, broken) && !slices.ContainsFunc(head.Breaches, broken) {
			held = append(held, name)
		}
	}
	return held
}

// judgeBreaches tests the rates of all classes that both sides show, as one family, and names the failures.
func (c *Comparison) judgeBreaches() {
	var family []*BreachChange
	var ps []float64
	for i := range c.Results {
		for j := range c.Results[i].Breaches {
			if b := &c.Results[i].Breaches[j]; b.P != nil {
				family, ps = append(family, b), append(ps, *b.P)
			}
		}
	}
	for i, significant := range holm(ps, AlphaRates) {
		if significant {
			family[i].State, family[i].Fails = Rose, true
		}
	}
	for i := range c.Results {
		ch := &c.Results[i]
		slices.SortStableFunc(ch.Breaches, func(a, b BreachChange) int { return cmp.Compare(rank(a), rank(b)) })
		for _, b := range ch.Breaches {
			c.tellBreach(ch.Name(), b)
		}
	}
}

// tellBreach puts a class of breach into words, where it fails or needs a reader.
func (c *Comparison) tellBreach(name string, b BreachChange) {
	counts := fmt.Sprintf("%d/%d, was %d/%d", b.Head, b.trials[1], b.Base, b.trials[0])
	if b.trials[0] == 0 {
		counts = fmt.Sprintf("%d/%d, and the base does not have this scenario", b.Head, b.trials[1])
	}
	switch {
	case b.State == Rose:
		c.failf("%s: %s breaks more often: %s (by chance: p = %.2g)", name, b.Class, counts, *b.P)
	case b.State == Expired && b.Fails:
		c.failf("%s: %s was listed as known until %s and breaks again: %s", name, b.Class, b.Expired, counts)
	case b.State == New:
		c.failf("%s: %s is a new breach: %s", name, b.Class, counts)
	case b.State == Expired:
		c.warnf("%s: %s was listed as known until %s; it is on base too (%d/%d, yours %d/%d)",
			name, b.Class, b.Expired, b.Base, b.trials[0], b.Head, b.trials[1])
	case b.State == Open:
		c.warnf("%s: %s shows in %d/%d; the base was not tested, so nobody can say if it is new", name, b.Class, b.Head, b.trials[1])
	case b.State == OnBase:
		c.warnf("%s: %s is on base too (%d/%d, yours %d/%d)", name, b.Class, b.Base, b.trials[0], b.Head, b.trials[1])
	}
}
