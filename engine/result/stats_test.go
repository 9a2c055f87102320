package result

import (
	"math"
	"testing"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %v, not %v", what, got, want)
	}
}

func TestRulesOut(t *testing.T) {
	near(t, "with no trial", RulesOut(0), 1, 0)
	near(t, "1 trial", RulesOut(1), 0.95, 1e-9)
	near(t, "10 trials", RulesOut(10), 0.2589, 5e-5)
	near(t, "20 trials", RulesOut(20), 0.1391, 5e-5)
	near(t, "299 trials", RulesOut(299), 0.01, 5e-5)
	if RulesOut(298) <= 0.01 || RulesOut(299) > 0.01 || TrialsFor(0.01) != 299 {
		t.Errorf("1 %% takes %d trials", TrialsFor(0.01))
	}
}

func TestRateOf(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{
		{0, 10, 0, 0.25887}, {10, 10, 0.74113, 1}, {5, 10, 0.18709, 0.81291}, {1, 10, 0.00253, 0.44502}, {1, 1, 0.05, 1},
	} {
		r := rateOf(c.k, c.n)
		near(t, "estimate", r.Estimate, float64(c.k)/float64(c.n), 1e-12)
		near(t, "low", r.Low, c.low, 1e-5)
		near(t, "high", r.High, c.high, 1e-5)
		near(t, "confidence", r.Confidence, 0.95, 0)
	}
}
