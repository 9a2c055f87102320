package result

import (
	"cmp"
	"slices"
	"strings"
)

// finish draws the conclusions from the sums. It may be called again after more was added.
func (r *Row) finish() {
	r.prune()
	r.Truncated = r.Trials.Run+r.Trials.Void > len(r.PerTrial)
	slices.Sort(r.said)
	r.said = slices.Compact(r.said)
	r.Notes, r.Void = r.remarks(), r.voids.voidReasons()
	for i := range r.Throughput {
		r.Throughput[i].PerSecond = r.Throughput[i].perSecond()
	}
	r.judgeSuspects()
	r.finishBroken()
	missed, untold := r.applyKnown()
	for i := range r.Thresholds {
		t := &r.Thresholds[i]
		t.Value, t.Holds = r.measure(*t), false
		if t.Value != nil {
			t.Holds = t.keeps(*t.Value)
		}
		missed, untold = missed || t.Value != nil && !t.Holds, untold || t.Value == nil
	}
	r.finishDrains()
	r.finishSchedules()
	r.Verdict = r.conclude(missed, untold)
	r.BreachRate, r.RulesOut = nil, 0
	if n := r.Trials; n.Run > 0 && !r.Plain {
		rate := rateOf(n.Run-n.Passed, n.Run)
		r.BreachRate = &rate
	}
	if r.proves() {
		r.RulesOut = r.rulesOut(r.Proving())
	}
}

// finishBroken orders breaches and warnings: worst first, then most frequent, then by name. Warnings of the
// scenario's entries go, to be given again.
func (r *Row) finishBroken() {
	r.Warnings = slices.DeleteFunc(r.Warnings, func(w RowWarning) bool { return w.Class == "" })
	for i := range r.Breaches {
		r.countOfAll(&r.Breaches[i])
	}
	for i := range r.Warnings {
		b := r.Warnings[i].breach()
		r.countOfAll(&b)
		r.Warnings[i].Of, r.Warnings[i].Summary = b.Of, b.Summary
	}
	slices.SortFunc(r.Breaches, func(a, b RowBreach) int {
		return cmp.Or(-cmp.Compare(a.Verdict, b.Verdict), -cmp.Compare(a.Trials, b.Trials), strings.Compare(a.Class, b.Class))
	})
	slices.SortFunc(r.Warnings, func(a, b RowWarning) int {
		return cmp.Or(-cmp.Compare(a.Trials, b.Trials), strings.Compare(a.Class, b.Class))
	})
}

func (r *Row) finishDrains() {
	r.Drain = nil
	d := RowDrain{Count: r.drains.count(), LimitNS: r.DrainLimit.Nanoseconds(), Unfinished: r.unfinished}
	if d.Count == 0 && d.Unfinished == 0 {
		return
	}
	if at := r.drains.quantiles(50, 99, 100); at != nil {
		d.P50NS, d.P99NS, d.MaxNS = at[0].Nanoseconds(), at[1].Nanoseconds(), at[2].Nanoseconds()
	}
	r.Drain = &d
}

func (r *Row) finishSchedules() {
	s := r.Schedules
	if s == nil {
		return
	}
	n, exact := r.schedules.count()
	s.Distinct, s.DistinctIs, s.PerSecond = min(n+r.uncounted, s.Run), "", 0
	switch {
	case r.uncounted > 0:
		s.DistinctIs = atMost
	case !exact:
		s.DistinctIs = estimate
	}
	if r.ElapsedNS > 0 {
		s.PerSecond = float64(s.Run) / (float64(r.ElapsedNS) / 1e9)
	}
}

// conclude names the result. A threshold that nothing was measured for is not missed: it was not tested.
func (r *Row) conclude(missed, untold bool) Verdict {
	if r.Plain {
		return r.concludePlain(missed, untold)
	}
	worst, known := Passed, false
	for _, b := range r.Breaches {
		if b.Known != "" {
			known = true
			continue
		}
		worst = max(worst, b.Verdict)
	}
	switch {
	case worst > Passed:
		return worst
	case missed:
		return Missed
	case r.Trials.Run == 0, untold, 2*r.Trials.Run < r.Trials.Planned && !r.cutShort():
		return Untested
	case known:
		return Known
	case !r.AtStartup && r.staked() == 0:
		return Untested
	}
	return Passed
}

// SameHangs is how many hangs of one class end a campaign early, for each costs a whole drain limit or more.
// Such a campaign has too few trials for that reason only.
const SameHangs = 3

func (r *Row) cutShort() bool {
	return slices.ContainsFunc(r.Breaches, func(b RowBreach) bool { return b.Verdict == Hung && b.Trials >= SameHangs })
}

// rulesOut is the bound that goes with how the number of trials came about.
func (r *Row) rulesOut(n int) float64 {
	if r.Anytime {
		return rulesOutAnytime(n)
	}
	return RulesOut(n)
}

// seal makes the row ready to be stored.
func (r *Row) seal() error {
	for _, all := range [][]Latency{r.Latency, r.Service} {
		for i := range all {
			if err := all[i].encode(); err != nil {
				return err
			}
		}
	}
	if r.Drain != nil {
		var err error
		if r.Drain.Histogram, err = r.drains.encoded(); err != nil {
			return err
		}
	}
	r.Replay = ""
	if dir := r.KeptDir(); dir != "" {
		r.Replay = "racebench replay " + dir
	}
	return nil
}

// KeptDir is the folder of the first trial with a breach that was kept, or is empty.
func (r *Row) KeptDir() string {
	for _, b := range r.Breaches {
		if b.First.Dir != "" {
			return b.First.Dir
		}
	}
	return ""
}
