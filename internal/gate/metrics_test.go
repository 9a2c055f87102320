package gate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
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

// An inconclusive metric says what its p had to reach, and how many trials would tell.
func TestAnInconclusiveMetricSaysWhatWouldSettleIt(t *testing.T) {
	side := func(values ...float64) *result.Report {
		row := result.Row{
			Header: result.Header{Scenario: "s", Target: "broker", Variant: "two-phase", Engine: "real"}, Verdict: result.Passed,
			Trials: result.Counts{Planned: len(values), Run: len(values), Passed: len(values)},
		}
		row.Regression = []result.Tolerance{{Metric: "p99(a)", Share: 0.1}, {Metric: "p50(a)", Share: 0.1}, {Metric: "rate(a)", Share: 0.1}}
		for i, v := range values {
			row.PerTrial = append(row.PerTrial, result.RowTrial{Trial: i, Metrics: map[string]float64{"p99(a)": v, "p50(a)": v, "rate(a)": 5}})
		}
		return &result.Report{Schema: result.SchemaName, Results: []result.Row{row}}
	}
	c := Compare(side(10, 11, 12, 13, 14, 15, 16, 17), side(11.5, 12.5, 13.5, 14.5, 15.5, 16.5, 17.5, 18.5), Options{})
	m := c.Results[0].Metrics[0]
	if m.State != Unclear || m.P == nil {
		t.Fatalf("state %s, p %v", m.State, m.P)
	}
	if want := AlphaSpeed / 3; m.Level != want || *m.P <= m.Level {
		t.Errorf("the level is %g, want %g: three metrics are named and none is significant; p = %g", m.Level, want, *m.P)
	}
	if m.Needed <= 8 || m.Needed > manyTrials || !strings.Contains(m.Why, fmt.Sprintf("--trials %d", m.Needed)) || !strings.Contains(m.Why, fmt.Sprintf("at most %.2g", m.Level)) {
		t.Errorf("%d trials would settle it, and it says: %s", m.Needed, m.Why)
	}
	if few := Compare(side(10, 11, 12), side(20, 21, 22), Options{}).Results[0].Metrics[0]; few.State != Unclear || !strings.Contains(few.Why, "--trials 6") {
		t.Errorf("three trials a side: %s, %s", few.State, few.Why)
	}
	if n := trialsToSettle(10, 0.7, 0.005); n != 0 {
		t.Errorf("a difference in the other direction is settled by %d trials", n)
	}
}

// So many trials do settle it, in most comparisons.
func TestThatManyTrialsSettleIt(t *testing.T) {
	const n, level, repeats = 10, 0.0075, 400
	chance := rand.New(rand.NewPCG(3, 4))
	draw := func(n int, shift float64) []float64 {
		xs := make([]float64, n)
		for i := range xs {
			xs[i] = shift + chance.NormFloat64()
		}
		return xs
	}
	for _, shift := range []float64{0.5, 0.8, 1.1} {
		var ps []float64
		for range repeats {
			ps = append(ps, worseByChance(draw(n, 0), draw(n, shift)))
		}
		needed := trialsToSettle(n, median(ps), level)
		told := 0
		for range repeats {
			if worseByChance(draw(needed, 0), draw(needed, shift)) <= level {
				told++
			}
		}
		share := float64(told) / repeats
		t.Logf("shift %g: median p %.3f, %d trials a side tell in %.0f %%", shift, median(ps), needed, 100*share)
		if share < 0.65 || share > 0.95 {
			t.Errorf("shift %g: %d trials a side tell in %.0f %% of comparisons", shift, needed, 100*share)
		}
	}
}
