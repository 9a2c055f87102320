package result

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Rules are what a scenario says about its results.
type Rules struct {
	Known      []KnownBreach
	Thresholds []Threshold
	Regression []Tolerance
}

// A Tolerance is how much worse than a baseline a metric may be. It is stored with the result, so that two
// results can be compared without their scenario.
type Tolerance struct {
	Metric string  `json:"metric"` // as thresholds write it: p99(publish), rate(publish), max(drain)
	Share  float64 `json:"share"`  // 0.1 is 10 %
}

// A KnownBreach is a breach that is expected.
type KnownBreach struct {
	Variant  string // empty: every variant
	Class    string // a * at the end stands for any rest
	Why      string
	Expired  bool
	EndsSoon bool // Until is near, and what reads results has to be told
	Until    time.Time
	Planted  bool
	Rate     float64 // of a planted breach: the share of trials that shows it
}

// isAbout says whether the entry holds for a variant.
func (k KnownBreach) isAbout(variant string, reference bool) bool {
	return k.Variant == "" || k.Variant == variant || reference && k.Variant == "reference"
}

// matches says whether the entry is about a class of a variant.
func (k KnownBreach) matches(variant string, reference bool, class string) bool {
	if !k.isAbout(variant, reference) {
		return false
	}
	if prefix, any := strings.CutSuffix(k.Class, "*"); any {
		return strings.HasPrefix(class, prefix)
	}
	return class == k.Class
}

// Tolerates says whether a class of breach of a variant is listed as known and not expired.
func (r Rules) Tolerates(h Header, class string) bool {
	return slices.ContainsFunc(r.Known, func(k KnownBreach) bool {
		return !k.Expired && k.matches(h.Variant, h.Reference, class)
	})
}

// A Threshold is a bound that a metric must keep.
type Threshold struct {
	Expr  string // as the result shows it
	Func  string // mean, p50 … max, rate, errors, late, breach_rate, memory, count
	Name  string // an op, a group, an invariant, or "drain"
	Phase string // steady or drain, for latencies
	Unit  string // ns, /s, share, bytes, count
	Line  int    // in the scenario's file; 0 is none
	Holds func(measured float64) bool
}

// A Checked is a threshold with what was measured. Measured is false when nothing was.
type Checked struct {
	Threshold
	Value    float64
	Measured bool
	Held     bool
}

// missedByChance is how unlikely chance must be before a planted breach that never showed counts as
// missed.
const missedByChance = 1e-6

// checkIsBlind ends the warning about a planted breach that is missed for good.
const checkIsBlind = ": the check is blind"

// Finish draws the conclusions: breaches by class, what is known, thresholds, the verdict. It may be
// called again after more trials were added.
func (c *Campaign) Finish(r Rules) {
	c.prune()
	slices.SortFunc(c.Latency, func(a, b Latency) int {
		return cmp.Or(cmp.Compare(a.Op, b.Op), cmp.Compare(a.Group, b.Group), -cmp.Compare(a.Phase, b.Phase), cmp.Compare(a.Clock, b.Clock))
	})
	slices.SortFunc(c.Throughput, func(a, b Throughput) int {
		return cmp.Or(cmp.Compare(a.Op, b.Op), cmp.Compare(a.Group, b.Group))
	})
	slices.Sort(c.Notes)
	c.Notes = slices.Compact(c.Notes)
	c.Warnings, c.Unseen, c.Regression = nil, nil, r.Regression
	c.Breaches, c.AtRisk = c.ofAll(byWeight(c.fold.breaches)), sorted(c.fold.risks)
	missed := c.applyKnown(r.Known)
	c.Thresholds = nil
	unmeasured := false
	for _, t := range r.Thresholds {
		checked := c.check(t)
		c.Thresholds = append(c.Thresholds, checked)
		missed = missed || checked.Measured && !checked.Held
		unmeasured = unmeasured || !checked.Measured
	}
	c.Verdict = c.conclude(missed, unmeasured)
}

// applyKnown marks the breaches that are tolerated and says whether a planted one failed to show.
func (c *Campaign) applyKnown(known []KnownBreach) (missed bool) {
	reference := c.Header.Reference
	for _, k := range known {
		if !k.isAbout(c.Header.Variant, reference) {
			continue
		}
		shown := 0
		for i := range c.Breaches {
			b := &c.Breaches[i]
			if !k.matches(c.Header.Variant, reference, b.Class) {
				continue
			}
			shown += b.Trials + len(b.Kept)
			switch {
			case k.Expired:
				b.Expired = k.Until
			case b.Known == "":
				b.Known, b.Planted = cmp.Or(k.Why, "listed as known"), k.Planted
				if k.Planted {
					b.Known = cmp.Or(k.Why, "planted")
				}
			}
		}
		if shown == 0 && !k.Expired {
			c.Unseen = append(c.Unseen, k.Class)
		}
		if k.Planted && shown == 0 && c.plantedMissed(k) {
			missed = true
		}
	}
	c.warnOfEnds(known)
	return missed
}

// warnOfEnds names each entry that has expired or will soon, once.
func (c *Campaign) warnOfEnds(known []KnownBreach) {
	for _, k := range known {
		if !k.isAbout(c.Header.Variant, c.Header.Reference) {
			continue
		}
		until := k.Until.Format(time.DateOnly)
		shows, fails := false, false
		for _, b := range c.Breaches {
			if k.matches(c.Header.Variant, c.Header.Reference, b.Class) {
				shows, fails = true, fails || b.Known == ""
			}
		}
		switch {
		case k.Expired && fails:
			c.Warnings = append(c.Warnings, fmt.Sprintf("known breach %s expired on %s: it fails again", k.Class, until))
		case k.Expired && !shows:
			c.Warnings = append(c.Warnings, fmt.Sprintf("known breach %s expired on %s and did not show: take the entry out", k.Class, until))
		case k.EndsSoon && !k.Expired:
			c.Warnings = append(c.Warnings, fmt.Sprintf("known breach %s ends soon: after %s it is tolerated no more", k.Class, until))
		}
	}
}

// plantedMissed says whether a planted breach that did not show is missed for good, or too few trials
// were run to tell.
func (c *Campaign) plantedMissed(k KnownBreach) bool {
	n := c.Counts().Run
	rate := min(max(k.Rate, 0.01), 0.999)
	chance := math.Pow(1-rate, float64(n))
	if chance >= missedByChance {
		c.Warnings = append(c.Warnings, fmt.Sprintf(
			"planted breach %s did not show in %d trials, which proves nothing yet (it takes %d)",
			k.Class, n, int(math.Ceil(math.Log(missedByChance)/math.Log(1-rate)))))
		return false
	}
	c.Warnings = append(c.Warnings, fmt.Sprintf("planted breach %s did not show in %d trials", k.Class, n)+checkIsBlind)
	return true
}

// conclude names the result. A threshold that nothing was measured for is not missed: it was not tested.
func (c *Campaign) conclude(missed, unmeasured bool) Verdict {
	worst, known := Passed, false
	for _, b := range c.Breaches {
		if b.Known != "" {
			known = true
			continue
		}
		worst = max(worst, b.Verdict)
	}
	counts := c.Counts()
	switch {
	case worst > Passed:
		return worst
	case missed:
		return Missed
	case counts.Run == 0, unmeasured, 2*counts.Run < c.Header.Planned && !c.cutShort():
		return Untested
	case known:
		return Known
	case !c.Header.AtStartup && c.tested() == 0:
		return Untested
	}
	return Passed
}

// SameHangs is how many hangs of one class end a campaign early, for each costs a whole drain limit or more.
// Such a campaign has too few trials for that reason only.
const SameHangs = 3

func (c *Campaign) cutShort() bool {
	return slices.ContainsFunc(c.Breaches, func(b FoldedBreach) bool { return b.Verdict == Hung && b.Trials >= SameHangs })
}
