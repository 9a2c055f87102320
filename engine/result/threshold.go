package result

import (
	"cmp"
	"math"
	"slices"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A Threshold is a bound that a metric must keep, and what was measured. Value is absent when nothing was: a bound
// on that does not hold, for it is no assurance.
type Threshold struct {
	Expr  string   `json:"expr"` // as the scenario has it
	Value *float64 `json:"value,omitempty"`
	Unit  string   `json:"unit"` // ns, /s, share, bytes, count
	Holds bool     `json:"holds"`
	Line  int      `json:"line,omitempty"` // in the scenario's file

	Func  string  `json:"func,omitempty"`  // mean, p50 … max, rate, errors, late, returned, breach_rate, memory, count
	Name  string  `json:"name,omitempty"`  // an op, a group, an invariant, or "drain"
	Phase string  `json:"phase,omitempty"` // steady or drain, for latencies
	Op    string  `json:"op,omitempty"`    // <, <=, > or >=
	Bound float64 `json:"bound,omitempty"` // in Unit
}

// keeps says whether a measured number keeps the bound.
func (t Threshold) keeps(measured float64) bool {
	switch t.Op {
	case "<":
		return measured < t.Bound
	case "<=":
		return measured <= t.Bound
	case ">":
		return measured > t.Bound
	}
	return measured >= t.Bound
}

// measure is what a threshold's metric comes to; nil when nothing was measured, or when an earlier version did not
// store which metric it is.
func (r *Row) measure(t Threshold) *float64 {
	v, ok := r.measured(t)
	if !ok || t.Func == "" {
		return nil
	}
	return &v
}

func (r *Row) measured(t Threshold) (float64, bool) {
	switch t.Func {
	case "breach_rate":
		return r.toleratedRate()
	case "count":
		return float64(r.countOf(t.Name)), r.Trials.Run > 0
	case "rate", "errors", "late", "returned":
		return r.shareOf(t)
	case "memory":
		if r.Peak == nil {
			return 0, false
		}
		return float64(r.Peak.MemoryBytes), true
	}
	if t.Name == "drain" {
		return r.drainAt(t.Func)
	}
	sum := pooled(r.Latency, t.Name, cmp.Or(t.Phase, Steady))
	if sum == nil || sum.TotalCount() == 0 {
		return 0, false
	}
	return LatencyOf(sum, t.Func), true
}

// Measure is what a metric comes to, in a unit; false where nothing was measured.
func (r *Row) Measure(fn, name, unit string) (float64, bool) {
	return r.measured(Threshold{Func: fn, Name: name, Unit: unit})
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

// LatencyOf is a latency by its word: mean, p50, p90, p99, p999 or max.
func LatencyOf(h *hdrhistogram.Histogram, fn string) float64 {
	switch fn {
	case "mean":
		return h.Mean()
	case "max":
		return float64(h.Max())
	}
	return float64(h.ValueAtQuantile(quantiles[fn]))
}

var quantiles = map[string]float64{"p50": 50, "p90": 90, "p99": 99, "p999": 99.9}

func (r *Row) drainAt(fn string) (float64, bool) {
	q, ok := quantiles[fn]
	if !ok {
		q = 100
	}
	at := r.drains.quantiles(q)
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
func (r *Row) toleratedRate() (float64, bool) {
	counts := r.Trials
	if counts.Run == 0 {
		return 0, false
	}
	n := 0
	for _, t := range r.Together {
		if slices.ContainsFunc(t.Classes, r.tolerated) {
			n += t.Trials
		}
	}
	// Results of before classes were stored together count a trial of two classes twice: no more trials
	// than were breached, which is exact where every class is tolerated.
	n = min(n, counts.Run-counts.Passed)
	return float64(n) / float64(counts.Run), true
}

func (r *Row) tolerated(class string) bool {
	return slices.ContainsFunc(r.Breaches, func(b RowBreach) bool { return b.Class == class && b.Known != "" })
}

func (r *Row) countOf(invariant string) int64 {
	var n int64
	for _, b := range r.Breaches {
		if b.Invariant == invariant {
			n += b.Count
		}
	}
	return n
}

func (r *Row) shareOf(t Threshold) (float64, bool) {
	sum, ok := total(r.Throughput, t.Name)
	if !ok {
		return 0, false
	}
	if t.Func == "rate" {
		return sum.perSecond(), sum.Window > 0
	}
	n := sum.Refused + sum.Unknown
	switch t.Func {
	case "late":
		n = sum.Late
	case "returned":
		n = sum.Returned
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
		sum.Returned += t.Returned
		sum.Window = max(sum.Window, t.Window) // groups run side by side
	}
	return sum, found
}
