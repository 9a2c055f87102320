package gate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/racebench/racebench/engine/result"
)

// A study is one way of comparing, repeated: how many trials a side, how many metrics named, how much the
// trials of one program differ (lognormal), what the scenario allows, and how much the head is slower.
type study struct {
	trials, metrics  int
	noise, tolerance float64
	slower           float64
}

func (s study) String() string {
	return fmt.Sprintf("%d trials, %d metrics, noise %g, tolerance %g, slower by %g", s.trials, s.metrics, s.noise, s.tolerance, s.slower)
}

const repetitions = 4000

// alarms is the share of comparisons that fail.
func (s study) alarms(t *testing.T) float64 {
	t.Helper()
	chance := rand.New(rand.NewPCG(7, uint64(s.trials)))
	n := 0
	for range repetitions {
		base, head := s.draw(chance, 0), s.draw(chance, s.slower)
		if Compare(base, head, Options{}).Outcome == Failed {
			n++
		}
	}
	return float64(n) / repetitions
}

// draw makes a result. Only its first metric is slower: a change of one among many is the hardest to see.
func (s study) draw(chance *rand.Rand, slower float64) *result.Report {
	row := result.Row{
		Header: result.Header{Scenario: "s", Target: "broker", Variant: "two-phase", Engine: "real"}, Verdict: result.Passed,
		Trials: result.Counts{Planned: s.trials, Run: s.trials, Passed: s.trials},
	}
	for i := range s.metrics {
		row.Regression = append(row.Regression, result.Tolerance{Metric: fmt.Sprintf("p99(op%d)", i), Share: s.tolerance})
	}
	for i := range s.trials {
		metrics := map[string]float64{}
		for j, tolerance := range row.Regression {
			v := 1e6 * math.Exp(s.noise*chance.NormFloat64())
			if j == 0 {
				v *= 1 + slower
			}
			metrics[tolerance.Metric] = v
		}
		row.PerTrial = append(row.PerTrial, result.RowTrial{Trial: i, Metrics: metrics})
	}
	return &result.Report{Schema: result.SchemaName, Results: []result.Row{row}}
}

// Equal programs are called worse in at most 2 % of comparisons, whatever the noise, however many metrics
// are named and however little is tolerated.
func TestFewFalseAlarms(t *testing.T) {
	for _, s := range []study{
		{10, 1, 0.08, 0.10, 0}, {10, 3, 0.08, 0.10, 0}, {10, 10, 0.08, 0.10, 0},
		{10, 1, 0.08, 0, 0}, {10, 3, 0.30, 0.05, 0}, {10, 10, 0.60, 0, 0},
		{6, 1, 0.08, 0.10, 0}, {6, 3, 0.40, 0, 0}, {20, 3, 0.20, 0.05, 0}, {60, 3, 0.20, 0, 0},
	} {
		got := s.alarms(t)
		t.Logf("%s: %.2f %% false alarms", s, 100*got)
		if got > 0.02 {
			t.Errorf("%s: %.2f %% false alarms", s, 100*got)
		}
	}
}

// A change of 20 % is found in at least 95 % of comparisons with 10 trials a side at 8 % noise.
func TestRealChangesAreFound(t *testing.T) {
	for _, s := range []study{
		{10, 1, 0.08, 0.10, 0.20}, {10, 3, 0.08, 0.10, 0.20}, {20, 10, 0.08, 0.10, 0.20},
	} {
		got := s.alarms(t)
		t.Logf("%s: found in %.2f %%", s, 100*got)
		if got < 0.95 {
			t.Errorf("%s: found in %.2f %%", s, 100*got)
		}
	}
}

// Fewer than six trials a side never fail for their speed, however large the difference.
func TestTooFewTrialsProveNothing(t *testing.T) {
	s := study{trials: 5, metrics: 1, noise: 0.01, slower: 9}
	chance := rand.New(rand.NewPCG(1, 2))
	c := Compare(s.draw(chance, 0), s.draw(chance, s.slower), Options{})
	if c.Outcome != Inconclusive || c.Results[0].Metrics[0].Why != "5 and 5 trials measured it: it takes 6 a side (--trials 6)" {
		t.Errorf("%s: %+v", c.Outcome, c.Results[0].Metrics)
	}
}

// A breach that both sides show at one rate is called more frequent in at most its share of comparisons.
func TestEqualBreachRatesAreEqual(t *testing.T) {
	chance := rand.New(rand.NewPCG(3, 4))
	draw := func(n int, rate float64) (k int) {
		for range n {
			if chance.Float64() < rate {
				k++
			}
		}
		return k
	}
	for _, rate := range []float64{0.02, 0.1, 0.3, 0.5, 0.9} {
		for _, n := range []int{10, 20, 100} {
			alarms, found := 0, 0
			for range repetitions {
				if fisher(draw(n, rate), n, draw(n, rate), n) <= AlphaRates {
					alarms++
				}
				if fisher(draw(n, 0.05), n, draw(n, 0.95), n) <= AlphaRates {
					found++
				}
			}
			if float64(alarms) > repetitions*AlphaRates {
				t.Errorf("rate %g, %d trials: %d of %d false alarms", rate, n, alarms, repetitions)
			}
			if found < repetitions*9/10 {
				t.Errorf("%d trials: 5 %% against 95 %% found in %d of %d", n, found, repetitions)
			}
		}
	}
}
