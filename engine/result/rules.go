package result

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/racebench/racebench/engine/signals"
)

// Rules are what a scenario says about the results of a variant. They are stored with the result, so that results
// can be merged and compared without their scenario.
type Rules struct {
	Thresholds []Threshold    `json:"thresholds,omitempty"`
	Regression []Tolerance    `json:"regression,omitempty"` // what the scenario allows against a baseline
	Promises   map[string]int `json:"promises,omitempty"`   // the line of the scenario's expect: that names an invariant
	Known      []KnownBreach  `json:"known,omitempty"`      // breaches that the scenario expects
}

// A Tolerance is how much worse than a baseline a metric may be.
type Tolerance struct {
	Metric string  `json:"metric"` // as thresholds write it: p99(publish), rate(publish), max(drain)
	Share  float64 `json:"share"`  // 0.1 is 10 %
	Line   int     `json:"line,omitempty"`
}

// A KnownBreach is a breach that is expected.
type KnownBreach struct {
	Class    string  `json:"class"` // a * at the end stands for any rest
	Why      string  `json:"why,omitempty"`
	Until    string  `json:"until,omitempty"`     // the last day that it is tolerated, such as 2027-01-31
	Expired  bool    `json:"expired,omitempty"`   // when the trials ran
	EndsSoon bool    `json:"ends_soon,omitempty"` // Until was near then, and what reads results has to be told
	Planted  bool    `json:"planted,omitempty"`   // a positive control: it must show
	Rate     float64 `json:"rate,omitempty"`      // of a planted breach: the share of trials that shows it
}

// matches says whether the entry is about a class, by its name or the one that reports once had for it.
func (k KnownBreach) matches(class string) bool {
	former := signals.Former(class)
	if prefix, any := strings.CutSuffix(k.Class, "*"); any {
		return strings.HasPrefix(class, prefix) || strings.HasPrefix(former, prefix)
	}
	return class == k.Class || former == k.Class
}

// Tolerates says whether a class of breach is listed as known and not expired.
func (r Rules) Tolerates(class string) bool {
	return slices.ContainsFunc(r.Known, func(k KnownBreach) bool { return !k.Expired && k.matches(class) })
}

// add adds the rules of another row, which are the same where both are of one run: an entry that had expired when
// either ran has expired.
func (r *Rules) add(o Rules) {
	for _, k := range o.Known {
		at := slices.IndexFunc(r.Known, func(have KnownBreach) bool {
			return have.Class == k.Class && have.Until == k.Until && have.Planted == k.Planted
		})
		if at < 0 {
			r.Known = append(r.Known, k)
			continue
		}
		have := &r.Known[at]
		have.Expired, have.EndsSoon, have.Rate = have.Expired || k.Expired, have.EndsSoon || k.EndsSoon, min(have.Rate, k.Rate)
	}
	for _, t := range o.Thresholds {
		at := slices.IndexFunc(r.Thresholds, func(have Threshold) bool { return have.Expr == t.Expr })
		if at < 0 {
			r.Thresholds = append(r.Thresholds, t)
		} else if r.Thresholds[at].Func == "" {
			r.Thresholds[at] = t
		}
	}
	if r.Regression == nil {
		r.Regression = o.Regression
	}
	if r.Promises == nil {
		r.Promises = o.Promises
	}
}

// missedByChance is how unlikely chance must be before a planted breach that never showed counts as
// missed.
const missedByChance = 1e-6

// applyKnown marks the breaches that are tolerated and says whether a planted one failed to show, and whether that
// cannot be told.
func (r *Row) applyKnown() (missed, untold bool) {
	before := r.Unseen
	r.Unseen = nil
	for i := range r.Breaches {
		b := &r.Breaches[i]
		b.Known, b.Planted, b.Expired = "", false, ""
	}
	for _, k := range r.Known {
		seen := 0
		for i := range r.Breaches {
			b := &r.Breaches[i]
			if !k.matches(b.Class) {
				continue
			}
			seen += b.Trials + len(b.Kept)
			switch {
			case k.Expired:
				b.Expired = k.Until
			case b.Known == "" && !slices.Contains(r.unlisted, b.Class):
				b.Known, b.Planted = cmp.Or(k.Why, "listed as known"), k.Planted
				if k.Planted {
					b.Known = cmp.Or(k.Why, "planted")
				}
			}
		}
		if seen == 0 && !k.Expired {
			r.Unseen = append(r.Unseen, k.Class)
		}
		if k.Planted && seen == 0 && r.plantedMissed(k) {
			missed = true
		}
	}
	for i := range r.Breaches {
		if b := &r.Breaches[i]; b.Known != "" {
			b.Expired = "" // another entry renews it
		}
	}
	r.warnOfEnds()
	untold = r.keepUnseen(before)
	return missed || untold && r.blind, untold
}

// keepUnseen takes over entries that no trial showed and of which an earlier version stored nothing else. It says
// whether there are any: whether they are planted cannot be told.
func (r *Row) keepUnseen(before []string) (any bool) {
	for _, class := range before {
		entry := KnownBreach{Class: class}
		listed := slices.ContainsFunc(r.Known, func(k KnownBreach) bool { return k.Class == class })
		if listed || slices.ContainsFunc(r.Breaches, func(b RowBreach) bool { return entry.matches(b.Class) }) {
			continue
		}
		any = true
		r.Unseen = append(r.Unseen, class)
		r.warn("known breach %s did not show, and an earlier version of racebench stored it: whether it is planted is not known", class)
	}
	return any
}

// warn adds a warning that the scenario's entries give rise to.
func (r *Row) warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, RowWarning{Trials: r.Trials.Run, Summary: fmt.Sprintf(format, args...)})
}

// warnOfEnds names each entry that has expired or will soon, once.
func (r *Row) warnOfEnds() {
	for _, k := range r.Known {
		shows, fails := false, false
		for _, b := range r.Breaches {
			if k.matches(b.Class) {
				shows, fails = true, fails || b.Known == ""
			}
		}
		switch {
		case k.Expired && fails:
			r.warn("known breach %s expired on %s: it fails again", k.Class, k.Until)
		case k.Expired && !shows:
			r.warn("known breach %s expired on %s and did not show: take the entry out", k.Class, k.Until)
		case k.EndsSoon && !k.Expired:
			r.warn("known breach %s ends soon: after %s it is tolerated no more", k.Class, k.Until)
		}
	}
}

// plantedMissed says whether a planted breach that did not show is missed for good, or too few trials
// were run to tell.
func (r *Row) plantedMissed(k KnownBreach) bool {
	n := r.Trials.Run
	rate := min(max(k.Rate, 0.01), 0.999)
	if chance := math.Pow(1-rate, float64(n)); chance >= missedByChance {
		r.warn("planted breach %s did not show in %d trials, which proves nothing yet (it takes %d)",
			k.Class, n, int(math.Ceil(math.Log(missedByChance)/math.Log(1-rate))))
		return false
	}
	r.warn("planted breach %s did not show in %d trials: the check is blind", k.Class, n)
	return true
}
