package result_test

import (
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
)

func planted(rate float64) result.Rules {
	return result.Rules{Known: []result.KnownBreach{{Class: "drain-ends/*", Planted: true, Rate: rate}}}
}

func TestPlanted(t *testing.T) {
	found := fold(2, planted(0.5), broke(0, breach(hung, result.Hung, 1)), trial(1))
	if found.Verdict != result.Known || !found.Breaches[0].Planted || len(found.Warnings) != 0 {
		t.Errorf("found: %s, %+v, %v", found.Verdict, found.Breaches, found.Warnings)
	}
	for _, c := range []struct {
		rate float64
		n    int
		want result.Verdict
	}{
		{0.5, 19, result.Passed}, {0.5, 20, result.Missed}, {0.8, 8, result.Passed}, {0.8, 9, result.Missed}, {1, 3, result.Missed},
	} {
		got := fold(c.n, planted(c.rate), clean(c.n)...)
		if got.Verdict != c.want || len(got.Warnings) != 1 {
			t.Errorf("rate %v, %d trials: %s, not %s; %v", c.rate, c.n, got.Verdict, c.want, got.Warnings)
		}
	}
	few := fold(19, planted(0.5), clean(19)...)
	if !strings.Contains(few.Warnings[0].Summary, "(it takes 20)") {
		t.Errorf("the warning is %q", few.Warnings[0].Summary)
	}
}

func TestExpiredIsSaidOnce(t *testing.T) {
	rules := result.Rules{Known: []result.KnownBreach{{Class: "no-lost-message/*", Expired: true, Until: "2026-01-31"}}}
	c := fold(1, rules, broke(0, breach(lost, result.Breached, 1), breach("no-lost-message/mailbox/dropped", result.Breached, 1)))
	if len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0].Summary, "2026-01-31") {
		t.Errorf("warnings are %v", c.Warnings)
	}
	rules.Known = append(rules.Known, result.KnownBreach{Class: "no-lost-message/*", Why: "renewed"})
	c = fold(1, rules, broke(0, breach(lost, result.Breached, 1)))
	if len(c.Warnings) != 0 || c.Verdict != result.Known {
		t.Errorf("an entry that renews an expired one: %s, %v", c.Verdict, c.Warnings)
	}
}

func TestEndsAreSaid(t *testing.T) {
	for _, row := range []struct {
		entry result.KnownBreach
		want  string
	}{
		{result.KnownBreach{Class: "no-lost-message/*", EndsSoon: true, Until: "2026-12-01"}, "ends soon: after 2026-12-01"},
		{result.KnownBreach{Class: "drain-ends/*", EndsSoon: true, Until: "2026-12-01"}, "ends soon: after 2026-12-01"}, // also where it did not show
		{result.KnownBreach{Class: "drain-ends/*", Expired: true, Until: "2026-12-01"}, "did not show"},
		{result.KnownBreach{Class: "drain-ends/*", Until: "2026-12-01"}, ""},
	} {
		rules := result.Rules{Known: []result.KnownBreach{row.entry}}
		c := fold(1, rules, broke(0, breach(lost, result.Breached, 1)))
		var texts []string
		for _, w := range c.Warnings {
			texts = append(texts, w.Summary)
		}
		got := strings.Join(texts, "; ")
		if !strings.Contains(got, row.want) || (got == "") != (row.want == "") {
			t.Errorf("%+v: warnings are %q, want %q", row.entry, got, row.want)
		}
	}
}
