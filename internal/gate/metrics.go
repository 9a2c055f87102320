package gate

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/racebench/racebench/engine/result"
)

// A State is the outcome for a metric or a class of breach.
type State string

// The states of a metric.
const (
	Same          State = "~"              // no difference that matters and is not chance
	Better        State = "better"         // significantly
	Worse         State = "worse"          // significantly, and within the tolerance
	Regressed     State = "regression"     // significantly, and beyond the tolerance: fails
	Unclear       State = "inconclusive"   // may be beyond the tolerance, may be chance
	TooFew        State = "too few"        // trials, of a metric that nothing depends on
	NotComparable State = "not comparable" // another machine, another scenario
)

// A MetricChange is one metric on both sides. A trial is one sample; Base and Head are medians over trials,
// absent where nothing was measured.
type MetricChange struct {
	Metric    string   `json:"metric"`
	Unit      string   `json:"unit"` // ns, /s, share, bytes or count
	Base      *float64 `json:"base,omitempty"`
	Head      *float64 `json:"head,omitempty"`
	Change    *float64 `json:"change,omitempty"` // Head/Base - 1; absent when Base is 0
	Samples   [2]int   `json:"samples"`
	Noise     float64  `json:"noise,omitempty"`     // the larger of the two sides, as a share of the median
	P         *float64 `json:"p,omitempty"`         // how likely such a difference in this direction is by chance
	Tolerance float64  `json:"tolerance,omitempty"` // what the scenario allows
	Gated     bool     `json:"gated,omitempty"`     // the scenario's regression: names it
	Line      int      `json:"line,omitempty"`      // of the scenario's regression: that names it
	State     State    `json:"state"`
	Why       string   `json:"why,omitempty"` // of a state that does not speak for itself
	// Of an inconclusive one: the level that P had to reach, and about how many trials a side would settle it if the
	// difference stays as it is. 0 where nobody can tell.
	Level  float64 `json:"level,omitempty"`
	Needed int     `json:"trials_needed,omitempty"`

	worse bool // the change is in the bad direction
}

// resolution is how far two equal latencies may differ in a histogram of three digits.
const resolution = 0.001

// metricsOf compares the metrics that the scenario names, and the usual ones for information.
func metricsOf(base, head result.Row, noSpeed string) []MetricChange {
	tolerances := head.Regression
	if len(tolerances) == 0 {
		tolerances = base.Regression // a result from before the scenario's tolerances were stored
	}
	var all []MetricChange
	add := func(metric string, tolerance float64, line int, gated bool) {
		if slices.ContainsFunc(all, func(m MetricChange) bool { return m.Metric == metric }) {
			return
		}
		m := measureBoth(metric, base, head)
		m.Tolerance, m.Line, m.Gated = tolerance, line, gated
		switch {
		case noSpeed == notInBase:
			m.State, m.Why = New, noSpeed
		case noSpeed != "":
			m.State, m.Why, m.P, m.Change = NotComparable, noSpeed, nil, nil
		case gated && m.Samples[1] == 0:
			m.State, m.Why = Unclear, "nothing was measured"
		case gated && m.Samples[0] == 0:
			m.State, m.Why = Unclear, "nothing was measured for the base"
		}
		if gated || m.Base != nil && m.Head != nil && (*m.Base != 0 || *m.Head != 0) {
			all = append(all, m)
		}
	}
	for _, t := range tolerances {
		if !byTrials(t.Metric) {
			continue
		}
		add(t.Metric, t.Share, t.Line, true)
	}
	for _, metric := range usual(head) {
		add(metric, 0, 0, false)
	}
	return all
}

// byTrials reports that a metric is one number a trial. Breach rates and counts are not: a trial is breached or it
// is not, and is compared as such.
func byTrials(metric string) bool {
	return metric != "breach_rate" && !strings.HasPrefix(metric, "count(")
}

// usual are the metrics that are worth a look: of each group that sends or receives, and of the drain.
func usual(row result.Row) []string {
	var all []string
	for _, t := range row.Throughput {
		all = append(all, "p50("+t.Group+")", "p99("+t.Group+")", "rate("+t.Group+")")
	}
	return append(all, "max(drain)")
}

// samplesOf are a metric's values, one a valid trial that measured it.
func samplesOf(row result.Row, metric string) []float64 {
	drain := strings.HasSuffix(metric, "(drain)")
	var xs []float64
	for _, t := range row.PerTrial {
		if t.Verdict == result.Void {
			continue
		}
		v, ok := t.Metrics[metric]
		if drain {
			v, ok = float64(t.DrainNS), t.DrainNS > 0
		}
		if ok && !math.IsNaN(v) && !math.IsInf(v, 0) {
			xs = append(xs, v)
		}
	}
	return xs
}

// unitOf is the unit of a metric's values in a single trial.
func unitOf(metric string) string {
	fn, _, _ := strings.Cut(metric, "(")
	switch fn {
	case "rate":
		return "/s"
	case "errors", "late", "returned":
		return "count"
	case "memory":
		return "bytes"
	}
	return "ns"
}

func measureBoth(metric string, base, head result.Row) MetricChange {
	m := MetricChange{Metric: metric, Unit: unitOf(metric), State: Same}
	b, h := samplesOf(base, metric), samplesOf(head, metric)
	m.Samples = [2]int{len(b), len(h)}
	if len(b) > 0 {
		v := median(b)
		m.Base, m.Noise = &v, noiseOf(b)
	}
	if len(h) > 0 {
		v := median(h)
		m.Head, m.Noise = &v, max(m.Noise, noiseOf(h))
	}
	if m.Base == nil || m.Head == nil {
		return m
	}
	if *m.Base != 0 {
		change := *m.Head / *m.Base - 1
		m.Change = &change
	}
	m.worse = *m.Head > *m.Base
	if m.Unit == "/s" {
		m.worse = *m.Head < *m.Base
	}
	if len(b) >= fewestRuns && len(h) >= fewestRuns {
		p := worseByChance(b, h)
		m.P = &p
	}
	return m
}

// beyond says whether the change is larger than a tolerance, in either direction.
func (m MetricChange) beyond(tolerance float64) bool {
	tolerance = max(tolerance, resolution)
	if m.Change == nil {
		return *m.Head != *m.Base
	}
	return math.Abs(*m.Change) > tolerance
}

// judgeMetrics settles all metrics of a comparison together. Those that scenarios name make one family, the
// others, which never fail, another.
func (c *Comparison) judgeMetrics() {
	for _, gated := range []bool{true, false} {
		var family []*MetricChange
		var ps []float64
		for i := range c.Results {
			for j := range c.Results[i].Metrics {
				m := &c.Results[i].Metrics[j]
				if m.Gated != gated || m.State != Same {
					continue
				}
				if m.P == nil {
					m.tooFew()
					continue
				}
				family, ps = append(family, m), append(ps, *m.P)
			}
		}
		significant := holm(ps, AlphaSpeed)
		level := holmLevel(significant, AlphaSpeed)
		for i, m := range family {
			m.judge(significant[i], level)
		}
	}
	for _, ch := range c.Results {
		for _, m := range ch.Metrics {
			if m.State == Regressed {
				c.failf("%s: %s is worse by more than %s: %s", ch.Name(), m.Metric, share(m.Tolerance), m.amount())
			}
		}
	}
}

// tooFew names a metric that has not enough trials for anything to be said.
func (m *MetricChange) tooFew() {
	if !m.Gated {
		m.State = TooFew
		return
	}
	m.State, m.Needed = Unclear, fewestRuns
	m.Why = fmt.Sprintf("%d and %d trials measured it: it takes %d a side (--trials %d)", m.Samples[0], m.Samples[1], fewestRuns, fewestRuns)
}

// judge names the state of a metric. The level is what the P of one that is not significant had to reach.
func (m *MetricChange) judge(significant bool, level float64) {
	switch beyond := m.beyond(m.Tolerance); {
	case significant && !m.beyond(0):
	case significant && !m.worse:
		m.State = Better
	case significant && m.Gated && beyond:
		m.State = Regressed
	case significant:
		m.State = Worse
	case m.Gated && m.worse && beyond:
		m.State, m.Level, m.Needed = Unclear, level, trialsToSettle(min(m.Samples[0], m.Samples[1]), *m.P, level)
		m.Why = fmt.Sprintf("such a difference may be chance: p = %.2g, and to fail it had to be at most %.2g (noise %s); %s", *m.P, level, share(m.Noise), m.settling())
	}
}

// settling says how many trials would tell.
func (m *MetricChange) settling() string {
	switch {
	case m.Needed == 0:
		return "no number of trials is likely to tell"
	case m.Needed > manyTrials:
		return fmt.Sprintf("it would take more than %d trials a side to tell", manyTrials)
	}
	return fmt.Sprintf("about %d trials a side would tell (--trials %d), if the difference stays", m.Needed, m.Needed)
}

// amount says how much a metric changed: "+25 %".
func (m MetricChange) amount() string {
	if m.Change == nil {
		return "it was 0"
	}
	return fmt.Sprintf("%+.1f %%", 100**m.Change)
}

func share(v float64) string { return fmt.Sprintf("%.3g %%", 100*v) }
