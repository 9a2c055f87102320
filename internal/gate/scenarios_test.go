package gate

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/result"
)

// TestAScenarioThatDiffersIsSaidTo, and how; one that is the same is not.
func TestAScenarioThatDiffersIsSaidTo(t *testing.T) {
	scenario := func(hash string) func(*result.Row) { return func(r *result.Row) { r.ScenarioHash = hash } }
	changed := func(r *result.Row) {
		r.ScenarioHash, r.DrainLimit, r.Knobs, r.Moment = "b", 5*time.Second, map[string]string{"mailbox": "9"}, "SIGINT at 5ms"
	}
	warned := func(c *Comparison, what string) bool {
		return slices.ContainsFunc(c.Warnings, func(w string) bool {
			return strings.Contains(w, "the scenario differs from the base's") && strings.Contains(w, what)
		})
	}
	c := Compare(with(clean(10), scenario("a")), with(clean(10), changed), Options{})
	for _, what := range []string{"drain_limit is 5s, was", "knob mailbox is 9, was none", "what strikes is SIGINT at 5ms", "each side ran its own"} {
		if !warned(c, what) {
			t.Errorf("%q is not said: %q", what, c.Warnings)
		}
	}
	if c = Compare(with(clean(10), scenario("a")), with(clean(10), scenario("b")), Options{}); !warned(c, "in what the results do not tell") {
		t.Errorf("only the hash differs: %q", c.Warnings)
	}
	if c = Compare(with(clean(10), scenario("a")), with(clean(10), scenario("a")), Options{}); warned(c, "") || c.Results[0].Differs != nil {
		t.Errorf("nothing differs: %q", c.Warnings)
	}
	inTurns := Options{Interleaved: true, Differs: func(string) []string { return []string{`has "trials: 20"`} }}
	if c = Compare(with(clean(10), scenario("a")), with(clean(10), scenario("a")), inTurns); !warned(c, `has "trials: 20"; both sides ran the head's`) {
		t.Errorf("the base's file differs: %q", c.Warnings)
	}
}

func TestLinesThatDiffer(t *testing.T) {
	for _, c := range []struct {
		base, head string
		want       []string
	}{
		{"a: 1\nb: 2\n", "a: 1\n\n# why\n  b: 2\n", nil},
		{"a: 1\nb: 2\n", "a: 1\nb: 3\n", []string{`has "b: 3"`, `lacks "b: 2"`}},
		{"a: 1\nb: 2\n", "b: 2\na: 1\n", []string{"the order of its lines"}},
		{"", "1\n2\n3\n4\n5\n6\n7\n8\n", []string{`has "1"`, `has "2"`, `has "3"`, `has "4"`, `has "5"`, `has "6"`, "and 2 more"}},
	} {
		if got := Lines(c.base, c.head); !slices.Equal(got, c.want) {
			t.Errorf("%q and %q: %q, want %q", c.base, c.head, got, c.want)
		}
	}
}
