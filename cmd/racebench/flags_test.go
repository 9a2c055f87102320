package main

import (
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
)

// Flags of the environment come before what is typed, and only for commands that run trials. A typed count
// or time replaces the environment's, because they exclude each other.
func TestWithEnvironment(t *testing.T) {
	for _, c := range []struct{ args, flags, want string }{
		{"run a.yaml", "--trials 5 -v", "run --trials 5 -v a.yaml"},
		{"run a.yaml --for 1m", "--trials 5 -v", "run -v a.yaml --for 1m"},
		{"gate --trials=3", "-v --for=1m", "gate -v --trials=3"},
		{"fuzz broker --for 1m", "--trials=5", "fuzz broker --for 1m"},
		{"report a.json", "--trials 5", "report a.json"},
		{"", "-v", ""},
		{"run", "", "run"},
	} {
		got, err := withEnvironment(strings.Fields(c.args), c.flags)
		if err != nil || !slices.Equal(got, strings.Fields(c.want)) {
			t.Errorf("%q with %q is %q (%v), want %q", c.args, c.flags, got, err, c.want)
		}
	}
}

// What is stored of a command does not say who somebody is.
func TestWithoutSecrets(t *testing.T) {
	args := []string{"probe", "-H", "Authorization: Bearer s3cret", "-HCOOKIE: id=1", "--header=proxy-authorization:x", "-H", "Accept: text/plain", "--", "./server", "-a:b"}
	want := []string{"probe", "-H", "Authorization: {secret:AUTHORIZATION}", "-HCOOKIE: {secret:COOKIE}", "--header=proxy-authorization:{secret:PROXY_AUTHORIZATION}", "-H", "Accept: text/plain", "--", "./server", "-a:b"}
	if got := withoutSecrets(args); !slices.Equal(got, want) || args[2] != "Authorization: Bearer s3cret" {
		t.Errorf("%q", got)
	}
}

// fuzz asks the flag, then the scenario, and simulates what neither says; an external program is never
// simulated. Only simulated trials do not disturb each other.
func TestEngineAndTrialsAtOnce(t *testing.T) {
	for _, c := range []struct {
		about     string
		otherwise scenario.Engine
		flags     runFlags
		s         scenario.Scenario
		engine    scenario.Engine
		atOnce    int
		refused   bool
	}{
		{about: "fuzz", otherwise: scenario.Sim, s: scenario.Scenario{Engine: scenario.Real}, engine: scenario.Sim, atOnce: runtime.GOMAXPROCS(0)},
		{about: "fuzz of engine: real", otherwise: scenario.Sim, s: scenario.Scenario{Engine: scenario.Real, EngineSet: true}, engine: scenario.Real, atOnce: 1},
		{about: "fuzz --engine sim of engine: real", otherwise: scenario.Sim, flags: runFlags{engine: "sim"}, s: scenario.Scenario{Engine: scenario.Real, EngineSet: true}, engine: scenario.Sim, atOnce: runtime.GOMAXPROCS(0)},
		{about: "fuzz --engine real", otherwise: scenario.Sim, flags: runFlags{engine: "real"}, s: scenario.Scenario{Engine: scenario.Real}, engine: scenario.Real, atOnce: 1},
		{about: "fuzz of a program", otherwise: scenario.Sim, s: scenario.Scenario{Engine: scenario.Real, External: &spec.Value{}}, engine: scenario.Real, atOnce: 1},
		{about: "fuzz --engine sim of a program", otherwise: scenario.Sim, flags: runFlags{engine: "sim"}, s: scenario.Scenario{Engine: scenario.Real, External: &spec.Value{}}, refused: true},
		{about: "fuzz -p 3", otherwise: scenario.Sim, flags: runFlags{parallel: 3}, s: scenario.Scenario{Engine: scenario.Real}, engine: scenario.Sim, atOnce: 3},
		{about: "run", s: scenario.Scenario{Engine: scenario.Real}, engine: scenario.Real, atOnce: 1},
		{about: "run of engine: sim", s: scenario.Scenario{Engine: scenario.Sim, EngineSet: true}, engine: scenario.Sim, atOnce: runtime.GOMAXPROCS(0)},
	} {
		p := trial.Program{Scenario: c.s}
		p.Target.Traits.External = c.s.External != nil
		if err := c.flags.apply(&p, c.otherwise); err != nil {
			if !c.refused {
				t.Errorf("%s: %v", c.about, err)
			}
			continue
		}
		if n := c.flags.atOnce(p.Scenario.Engine); c.refused || p.Scenario.Engine != c.engine || n != c.atOnce || p.Hash != p.Scenario.Hash(p.Vocabulary) {
			t.Errorf("%s: engine %s, %d at once, refused: no", c.about, p.Scenario.Engine, n)
		}
	}
}
