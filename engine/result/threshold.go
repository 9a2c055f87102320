package result

import (
	"math"
	"slices"
	"strings"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// check measures a threshold's metric and compares. A bound on what was not measured does not hold: it is
// no assurance.
func (c *Campaign) check(t Threshold) Checked {
	v, ok := c.measure(t)
	return Checked{Threshold: t, Value: v, Measured: ok, Held: ok && t.Holds(v)}
}

func (c *Campaign) measure(t Threshold) (float64, bool) {
	switch t.Func {
	case "breach_rate":
		return c.toleratedRate()
	case "count":
		return float64(c.countOf(t.Name)), c.Counts().Run > 0
	case "rate", "errors", "late":
		return c.shareOf(t)
	case "memory":
		return float64(c.fold.memory), c.fold.memory > 0
	}
	if t.Name == "drain" {
		return c.drainAt(t.Func)
	}
	phase := t.Phase
	if phase == "" {
		phase = Steady
	}
	sum := pooled(c.Latency, t.Name, phase)
	if sum == nil || sum.TotalCount() == 0 {
		return 0, false
	}
	return latencyOf(sum, t.Func), true
}

// pooled is the latency of all groups that a name means: one group, or every group of an op. It may be
// one of the histograms given, or nil.
func pooled(all []Latency, name, phase string) *hdrhistogram.Histogram {
	var sum *hdrhistogram.Histogram
	own := false
	for _, l := range all {
		switch {
		case l.Group != name && l.Op != name || l.Phase != phase || l.Hist == nil:
		case sum == nil:
			sum = l.Hist
		case !own:
			sum, own = cloneOf(sum), true
			sum.Merge(l.Hist)
		default:
			sum.Merge(l.Hist)
		}
	}
	return sum
}

func latencyOf(h *hdrhistogram.Histogram, fn string) float64 {
	switch fn {
	case "mean":
		return h.Mean()
	case "max":
		return float64(h.Max())
	}
	return float64(h.ValueAtQuantile(quantiles[fn]))
}

var quantiles = map[string]float64{"p50": 50, "p90": 90, "p99": 99, "p999": 99.9}

func (c *Campaign) drainAt(fn string) (float64, bool) {
	q, ok := quantiles[fn]
	if !ok {
		q = 100
	}
	at := c.fold.drains.quantiles(q)
	if at == nil {
		return 0, false
	}
	return float64(at[0]), true
}

// nearestRank is the place of the percentile q among n sorted values: the least that q % of them do not
// exceed, so that the 99th of a few is the largest.
func nearestRank(q float64, n int) int {
	return min(max(int(math.Ceil(q/100*float64(n)))-1, 0), n-1)
}

// toleratedRate is the rate of trials with a breach that known tolerates, of those that were run.
func (c *Campaign) toleratedRate() (float64, bool) {
	counts := c.Counts()
	if counts.Run == 0 {
		return 0, false
	}
	n := 0
	for key, trials := range c.fold.together {
		if slices.ContainsFunc(strings.Split(key, "\n"), c.tolerated) {
			n += trials
		}
	}
	// Merged results of before classes were stored together count a trial of two classes twice: no more trials
	// than were breached, which is exact where every class is tolerated.
	n = min(n, counts.Run-counts.Passed)
	return float64(n) / float64(counts.Run), true
}

func (c *Campaign) tolerated(class string) bool {
	return slices.ContainsFunc(c.Breaches, func(f FoldedBreach) bool { return f.Class == class && f.Known != "" })
}

func (c *Campaign) countOf(invariant string) int64 {
	var n int64
	for _, b := range c.Breaches {
		if b.Invariant == invariant {
			n += b.Messages
		}
	}
	return n
}

func (c *Campaign) shareOf(t Threshold) (float64, bool) {
	sum, ok := total(c.Throughput, t.Name)
	if !ok {
		return 0, false
	}
	if t.Func == "rate" {
		return sum.perSecond(), sum.Window > 0
	}
	n := sum.Refused + sum.Unknown
	if t.Func == "late" {
		n = sum.Late
	}
	if t.Unit == "share" {
		return float64(n) / float64(max(1, sum.Sent)), true
	}
	return float64(n), true
}

// total is the throughput of all groups that a name means; false when there is none.
func total(all []Throughput, name string) (sum Throughput, found bool) {
	for _, t := range all {
		if t.Group != name && t.Op != name {
			continue
		}
		found = true
		sum.Sent += t.Sent
		sum.Steady += t.Steady
		sum.Refused += t.Refused
		sum.Unknown += t.Unknown
		sum.Late += t.Late
		sum.Window = max(sum.Window, t.Window) // groups run side by side
	}
	return sum, found
}

// perSecond is the rate of accepted operations before the signal, or 0 when there was no such time.
func (t Throughput) perSecond() float64 {
	if t.Window <= 0 {
		return 0
	}
	return float64(t.Steady) / t.Window.Seconds()
}
