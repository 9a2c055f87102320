package result_test

import (
	"testing"

	"github.com/racebench/racebench/engine/result"
)

func TestRulesOut(t *testing.T) {
	near(t, "with no trial", result.RulesOut(0), 1, 0)
	near(t, "1 trial", result.RulesOut(1), 0.95, 1e-9)
	near(t, "10 trials", result.RulesOut(10), 0.2589, 5e-5)
	near(t, "20 trials", result.RulesOut(20), 0.1391, 5e-5)
	near(t, "299 trials", result.RulesOut(299), 0.01, 5e-5)
	if result.RulesOut(298) <= 0.01 || result.RulesOut(299) > 0.01 || result.TrialsFor(0.01) != 299 {
		t.Errorf("1 %% takes %d trials", result.TrialsFor(0.01))
	}
}

func TestRateOf(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{
		{0, 10, 0, 0.25887}, {10, 10, 0.74113, 1}, {5, 10, 0.18709, 0.81291}, {1, 10, 0.00253, 0.44502}, {1, 1, 0.05, 1},
	} {
		r := result.RateOf(c.k, c.n)
		near(t, "estimate", r.Estimate, float64(c.k)/float64(c.n), 1e-12)
		near(t, "low", r.Low, c.low, 1e-5)
		near(t, "high", r.High, c.high, 1e-5)
		near(t, "confidence", r.Confidence, 0.95, 0)
	}
}
