package result_test

import (
	"testing"

	"github.com/racebench/racebench/engine/result"
)

func TestThresholds(t *testing.T) {
	trials := clean(10)
	trials[9].Throughput[0].Late = 3
	trials[8].Throughput[0].Returned = 2
	for _, c := range []struct {
		fn, name, phase, unit string
		want                  float64
		within                float64
	}{
		{"max", "publish", "", "ns", 10.9e6, 2e4},
		{"p50", "publish", result.Drain, "ns", 5e6, 1e4},
		{"max", "drain", "", "ns", 19e6, 0},
		{"p99", "drain", "", "ns", 19e6, 0},
		{"p50", "drain", "", "ns", 14e6, 0},
		{"rate", "publish", "", "/s", 1000, 1e-9},
		{"errors", "publish", "", "count", 200, 0},
		{"errors", "publish", "", "share", 1.0 / 6, 1e-9},
		{"late", "publish", "", "count", 3, 0},
		{"returned", "publish", "", "count", 2, 0},
		{"breach_rate", "", "", "share", 0, 0},
		{"count", "no-lost-message", "", "count", 0, 0},
	} {
		rules := result.Rules{Thresholds: []result.Threshold{{Func: c.fn, Name: c.name, Phase: c.phase, Unit: c.unit, Op: ">=", Bound: -1}}}
		got := fold(10, rules, trials...)
		if got.Thresholds[0].Value == nil || !got.Thresholds[0].Holds {
			t.Errorf("%+v: not measured", c)
			continue
		}
		near(t, c.fn+"("+c.name+" "+c.phase+" "+c.unit+")", *got.Thresholds[0].Value, c.want, c.within)
	}
	for _, name := range []string{"subscribe", ""} {
		got := fold(10, result.Rules{Thresholds: []result.Threshold{{Func: "p99", Name: name, Op: ">=", Bound: -1}}}, trials...)
		if got.Thresholds[0].Value != nil || got.Thresholds[0].Holds || got.Verdict == result.Passed {
			t.Errorf("a bound on what nobody measured held: %+v, %s", got.Thresholds[0], got.Verdict)
		}
	}
}

func TestBreachRateOfKnown(t *testing.T) {
	rules := result.Rules{
		Known:      []result.KnownBreach{{Class: lost}},
		Thresholds: []result.Threshold{{Func: "breach_rate", Unit: "share", Op: "<", Bound: 0.2}},
	}
	trials := append(clean(3), broke(3, breach(lost, result.Breached, 4)))
	c := fold(4, rules, trials...)
	near(t, "breach_rate", *c.Thresholds[0].Value, 0.25, 1e-9)
	if c.Verdict != result.Missed {
		t.Errorf("the verdict is %s", c.Verdict)
	}
}
