package gate

import (
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/scenario"
)

// outside makes the result of a program from outside, called by a command of that name.
func outside(r *result.Report, name, command string) *result.Report {
	return with(r, func(row *result.Row) {
		row.Scenario, row.Target, row.Variant, row.ScenarioHash = name, scenario.External, command, command
	})
}

// together puts the rows of several results into one.
func together(all ...*result.Report) *result.Report {
	one := *all[0]
	one.Results = nil
	for _, r := range all {
		one.Results = append(one.Results, r.Results...)
	}
	return &one
}

// A program has another name in each of two builds: it is one program all the same.
func TestTwoNamesOfOneProgram(t *testing.T) {
	for _, inTurns := range []bool{true, false} {
		o := Options{Interleaved: inTurns}
		c := Compare(outside(broken(10, 10, lost), "web", "server-1.4"), outside(broken(10, 10, lost), "web", "server"), o)
		if r := c.Results[0]; c.Outcome != Passed || !r.InBase || r.Trials != [2]int{10, 10} || r.Breaches[0].State != OnBase {
			t.Errorf("in turns %v: %s: %q; %+v", inTurns, c.Outcome, c.Reasons, r)
		}
		if said := strings.Join(c.Warnings, "\n"); strings.Contains(said, "in the base only") {
			t.Errorf("in turns %v: %s", inTurns, said)
		}
		c = Compare(outside(clean(10), "web", "server-1.4"), outside(broken(1, 10, lost), "web", "server"), o)
		if c.Outcome != Failed || !strings.Contains(c.Reasons[0], "1/10, was 0/10") {
			t.Errorf("in turns %v: a new breach is %s: %q", inTurns, c.Outcome, c.Reasons)
		}
	}
}

// Two files may name their scenarios alike. In turns their order tells them apart; stored results do not
// guess.
func TestTwoScenariosOfOneName(t *testing.T) {
	base := together(outside(broken(10, 10, lost), "web", "a-1.4"), outside(clean(10), "web", "b-1.4"))
	head := together(outside(broken(10, 10, lost), "web", "a"), outside(broken(1, 10, lost), "web", "b"))
	c := Compare(base, head, Options{Interleaved: true})
	if len(c.Reasons) != 1 || !strings.Contains(c.Reasons[0], "1/10, was 0/10") || len(c.Warnings) != 1 {
		t.Errorf("%q %q", c.Reasons, c.Warnings)
	}
	if c := Compare(base, head, Options{}); c.Results[0].InBase || c.Results[1].InBase {
		t.Errorf("stored results were paired by guess: %+v", c.Results)
	}
	if c := Compare(outside(clean(10), "web", "a-1.4"), head, Options{}); c.Results[0].InBase || c.Results[1].InBase {
		t.Errorf("two results were paired with one: %+v", c.Results)
	}
}

// Variants inside racebench are different servers: they are never paired with each other.
func TestVariantsAreNotPaired(t *testing.T) {
	c := Compare(clean(5), with(clean(5), func(r *result.Row) { r.Variant = "w" }), Options{Interleaved: true})
	if c.Results[0].InBase {
		t.Errorf("%+v", c.Results[0])
	}
}

// What is newer than the base's commit has no base there: the head is judged alone, and its speed is new. A
// base that could not run what it has is untested all the same.
func TestWhatIsNewIsJudgedAlone(t *testing.T) {
	base := with(clean(0), untested)
	newHere := Options{Interleaved: true, NewHere: func(scenario, variant string) bool { return scenario == "s" && variant == "v" }}
	c := Compare(base, clean(10), newHere)
	r := c.Results[0]
	if c.Outcome != Passed || r.InBase || r.Untested != "" || r.Trials != [2]int{0, 10} || r.Metrics[0].State != New {
		t.Errorf("a clean head is %s: %q; %+v", c.Outcome, c.Reasons, r)
	}
	c = Compare(base, broken(1, 10, lost), newHere)
	if c.Outcome != Failed || !strings.HasSuffix(c.Reasons[0], "is a new breach: 1/10, and the base does not have this scenario") {
		t.Errorf("a breached head is %s: %q", c.Outcome, c.Reasons)
	}
	if c = Compare(base, with(broken(1, 10, lost), known), newHere); c.Outcome != Passed {
		t.Errorf("a known breach is %s: %q", c.Outcome, c.Reasons)
	}
	if c = Compare(base, with(clean(0), untested), newHere); c.Outcome != Untested {
		t.Errorf("a head that tested nothing is %s", c.Outcome)
	}
	if c = Compare(broken(3, 10, lost), broken(3, 10, lost), newHere); c.Outcome != Passed || c.Results[0].Breaches[0].State != OnBase {
		t.Errorf("what the base could run is %s: %q", c.Outcome, c.Reasons)
	}
	other := Options{Interleaved: true, NewHere: func(string, string) bool { return false }}
	if c = Compare(base, clean(10), other); c.Outcome != Untested {
		t.Errorf("a base that could not be tested is %s", c.Outcome)
	}
}

// What a run that is under way shows is looked for where its result will be.
func TestShows(t *testing.T) {
	base := together(outside(broken(10, 10, lost), "web", "server-1.4"), broken(1, 10, lost))
	row := base.Results[1]
	ours := result.Header{Scenario: row.Scenario, Target: row.Target, Variant: row.Variant, Engine: row.Engine}
	with := func(change func(h *result.Header)) result.Header {
		h := ours
		change(&h)
		return h
	}
	for _, tc := range []struct {
		name  string
		head  result.Header
		class string
		want  bool
	}{
		{"the same", ours, row.Breaches[0].Class, true},
		{"another class", ours, row.Breaches[0].Class + "/deeper", false},
		{"another variant", with(func(h *result.Header) { h.Variant += "-2" }), row.Breaches[0].Class, false},
		{"another scenario", with(func(h *result.Header) { h.Scenario += "-2" }), row.Breaches[0].Class, false},
		{"another engine", with(func(h *result.Header) { h.Engine = "sim" }), row.Breaches[0].Class, false},
		{
			"another build from outside",
			with(func(h *result.Header) { h.Scenario, h.Target, h.Variant = "web", scenario.External, "server" }), row.Breaches[0].Class, true,
		},
	} {
		if got := Shows(base, tc.head, tc.class); got != tc.want {
			t.Errorf("%s: %t", tc.name, got)
		}
	}
}
