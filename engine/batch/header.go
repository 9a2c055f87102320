package batch

import (
	"strings"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets"
)

// HeaderOf says what the trials of a program's variant have in common.
func HeaderOf(p trial.Program, v targets.Variant) result.Header {
	s := p.Scenario
	var moments []string
	startup := p.Target.Traits.Idle || p.Target.Traits.Checked
	for _, d := range p.Directives {
		moment := d.Summary()
		if d.WholeStart() && p.Target.Traits.External {
			moment = d.Name + " at any moment of the start"
		}
		moments = append(moments, moment)
		startup = startup || d.AtStartup()
	}
	file, line := placeOf(p, v.Name)
	return result.Header{
		File: file, Line: line, Scenario: s.Name, ScenarioHash: p.Scenario.Hash(p.Vocabulary), Owner: s.Owner, Target: p.Target.Name, Variant: v.Name,
		Reference: v.Name == p.Target.Reference, Engine: string(scenario.Real), Knobs: p.Knobs.Values(),
		DrainLimit: s.DrainLimit, Invariants: p.Expect, AtStartup: startup, Remote: p.Remote, Moment: strings.Join(moments, ", then "),
		Runtime: runtimeOf(s.External),
	}
}
