package gate

import (
	"slices"
	"testing"

	"github.com/racebench/racebench/engine/result"
)

// A group that did nothing on either side has no line, unless the scenario names its metric.
func TestNothingAgainstNothingIsNoLine(t *testing.T) {
	idle := func(r *result.Row) {
		r.Throughput = append(r.Throughput, result.Throughput{Group: "idle"})
		for i := range r.PerTrial {
			r.PerTrial[i].Metrics["rate(idle)"] = 0
		}
	}
	has := func(c *Comparison) bool {
		return slices.ContainsFunc(c.Results[0].Metrics, func(m MetricChange) bool { return m.Metric == "rate(idle)" })
	}
	if has(Compare(with(clean(10), idle), with(clean(10), idle), Options{})) {
		t.Error("0/s against 0/s has a line")
	}
	named := func(r *result.Row) {
		idle(r)
		r.Regression = append(r.Regression, result.Tolerance{Metric: "rate(idle)", Share: 0.1})
	}
	if !has(Compare(with(clean(10), named), with(clean(10), named), Options{})) {
		t.Error("a metric that the scenario names has no line")
	}
}
