package draw

import (
	"slices"

	"github.com/racebench/racebench/engine/signals"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
)

// Reductions are the worlds that a drawn world becomes when one thing is taken away, the largest first: an injection,
// a load group, clients, what is special about a group or an injection, a setting that is not that of the scenario.
func (s *Source) Reductions(of trial.Program) []World {
	w := of.Scenario
	var all []World
	add := func(smaller scenario.Scenario) {
		var r World
		again := func(o World) bool { return o.Small.Hash == r.Small.Hash }
		if r.compile(of, smaller) == nil && r.Small.Hash != of.Hash && !slices.ContainsFunc(all, again) {
			all = append(all, r)
		}
	}
	for i := len(w.Inject) - 1; i >= 0 && len(w.Inject) > 1; i-- {
		add(withInject(w, slices.Delete(slices.Clone(w.Inject), i, i+1)))
	}
	for i := len(w.Load) - 1; i >= 0; i-- {
		rest := slices.Delete(slices.Clone(w.Load), i, i+1)
		if slices.ContainsFunc(rest, func(g spec.Value) bool { return isSender(s.opOf(g)) }) {
			add(withLoad(w, rest))
		}
	}
	for _, ops := range []int{w.Sim.Ops / 2, w.Sim.Ops - 1} {
		if fewer := w; ops >= 1 {
			fewer.Sim.Ops = ops
			add(fewer)
		}
	}
	for _, words := range [][]string{{"clients"}, {"stop"}, {"shape", "delay", "burst", "every"}} {
		for i, g := range w.Load {
			add(withLoad(w, replaced(w.Load, i, without(g, words))))
		}
	}
	for i, v := range w.Inject {
		add(withInject(w, replaced(w.Inject, i, s.plain(v))))
	}
	values := s.knobs.Values()
	for i, k := range w.Knobs {
		usual := w
		usual.Knobs = slices.Delete(slices.Clone(w.Knobs), i, i+1)
		if s.knobs.Set(k.Key.Text) {
			usual.Knobs = slices.Insert(usual.Knobs, i, spec.Field{Key: k.Key, Value: spec.Text(values[k.Key.Text])})
		}
		if k.Value.Text != values[k.Key.Text] {
			add(usual)
		}
	}
	return all
}

// plain is an injection at any moment, of the signal that most are.
func (s *Source) plain(v spec.Value) spec.Value {
	if how, crash := v.Get("crash"); crash {
		return entry("crash", how.Text, "at", anyMoment)
	}
	return entry("signal", signals.Name(int(s.program.Target.StopSignals[0])), "at", anyMoment)
}

func withLoad(w scenario.Scenario, load []spec.Value) scenario.Scenario {
	w.Load = load
	return w
}

func withInject(w scenario.Scenario, inject []spec.Value) scenario.Scenario {
	w.Inject = inject
	return w
}

func replaced(all []spec.Value, i int, with spec.Value) []spec.Value {
	all = slices.Clone(all)
	all[i] = with
	return all
}

// without is a map without some of its words.
func without(v spec.Value, words []string) spec.Value {
	v.Fields = slices.DeleteFunc(slices.Clone(v.Fields), func(f spec.Field) bool { return slices.Contains(words, f.Key.Text) })
	return v
}
