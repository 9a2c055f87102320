package gotest

import (
	"slices"
	"testing"

	"github.com/racebench/racebench/engine/result"
)

// Ten small programs that were written before any search was run on them: each has a bug that is found soon, and a twin that
// every schedule leaves alone.
func TestTenProgramsAreFoundSoon(t *testing.T) {
	p := built(t, "testdata/kernels")
	const trials = 500
	var firsts []int
	for _, c := range []struct {
		name    string
		verdict result.Verdict
	}{
		{"TestPool", result.Crashed},
		{"TestLoop", result.Hung},
		{"TestBatch", result.Breached},
		{"TestTransfer", result.Hung},
		{"TestBus", result.Hung},
		{"TestCause", result.Breached},
		{"TestTwice", result.Crashed},
		{"TestCond", result.Breached},
		{"TestLease", result.Breached},
		{"TestFill", result.Breached},
	} {
		budget := Campaign{Budget: Budget{Trials: trials, Parallel: 1, Punctual: true}, Seed: 1}
		found, err := p.Search(t.Context(), []string{c.name}, budget)
		if err != nil {
			t.Fatal(err)
		}
		if found[0].Verdict != c.verdict || len(found[0].Breaches) == 0 {
			t.Errorf("%s: %s, %+v, want %s", c.name, found[0].Verdict, found[0].Breaches, c.verdict)
			continue
		}
		first := found[0].Breaches[0].First.Trial
		t.Logf("%s: %s at schedule %d", c.name, c.verdict, first)
		firsts = append(firsts, first)
		twin, _ := searchFor(t, p, c.name+"Fixed", trials)
		if twin.Verdict != result.Passed || twin.Trials.Passed != trials || len(twin.Warnings) > 0 {
			t.Errorf("%sFixed: %s, %+v, %+v, want every schedule passed", c.name, twin.Verdict, twin.Trials, twin.Warnings)
		}
	}
	slices.Sort(firsts)
	if n := len(firsts); n == 10 && (firsts[n/2] > 50 || firsts[n*9/10] > 500) {
		t.Errorf("first found at schedules %v: the median is above 50, or the 90th percentile above 500", firsts)
	}
}
