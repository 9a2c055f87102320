package scenario

import (
	"fmt"
	"slices"

	"github.com/racebench/racebench/scenario/schema"
	"github.com/racebench/racebench/scenario/spec"
)

// leftOut stands for a secret that nobody has.
const leftOut = "left-out"

// Kept returns the scenario as it may stay on disk: what its owners call secret keeps its name and loses its value.
// The hash is the same.
func (s Scenario) Kept(of Vocabulary) Scenario {
	if s.External != nil {
		external := withoutSecrets(*s.External, of.External)
		s.External = &external
	}
	s.Load = listOf(s.Load, func(g spec.Value) spec.Value { return withoutSecrets(g, of.Load) }).Items
	return s
}

// Secrets returns what Kept leaves out, as NAME=value. Filled puts those of load back; those of external are for the
// target.
func (s Scenario) Secrets(of Vocabulary) []string {
	var secrets []string
	note := func(name func(variable string) string) func(v spec.Value, variable string) spec.Value {
		return func(v spec.Value, variable string) spec.Value {
			if v.Kind == spec.Scalar {
				secrets = append(secrets, name(variable)+"="+v.Text)
			}
			return v
		}
	}
	if s.External != nil {
		eachSecret(*s.External, of.External, note(func(variable string) string { return variable }))
	}
	for i, g := range s.Load {
		eachSecret(g, of.Load, note(func(variable string) string { return groupSecret(i, variable) }))
	}
	return secrets
}

// groupSecret is the name of one load group's secret, as children of other builds look for it, too.
func groupSecret(group int, variable string) string {
	return fmt.Sprintf("HEADER_%d_%s", group, variable)
}

// Filled returns the scenario with the secrets of its load groups filled in where they have no value: what Secrets
// handed over, or the variable that the owner names. Missing lists the variables that are not set; their secrets say
// so.
func (s Scenario) Filled(of Vocabulary, lookup func(name string) (string, bool)) (filled Scenario, missing []string) {
	group := -1
	s.Load = listOf(s.Load, func(g spec.Value) spec.Value {
		group++
		return eachSecret(g, of.Load, func(v spec.Value, variable string) spec.Value {
			if v.Kind != spec.Null {
				return v
			}
			text, ok := lookup(groupSecret(group, variable))
			if !ok {
				text, ok = lookup(variable)
			}
			if !ok {
				text = leftOut
				missing = append(missing, variable)
			}
			v.Kind, v.Text, v.Quoted = spec.Scalar, text, true
			return v
		})
	}).Items
	return s, missing
}

// withoutSecrets returns a map whose secrets have no values.
func withoutSecrets(m spec.Value, of schema.Map) spec.Value {
	return eachSecret(m, of, func(v spec.Value, _ string) spec.Value {
		v.Kind, v.Text, v.Quoted = spec.Null, "", false
		return v
	})
}

// eachSecret returns a map with every secret in it changed. The map itself is left alone.
func eachSecret(m spec.Value, of schema.Map, change func(v spec.Value, variable string) spec.Value) spec.Value {
	m.Fields = slices.Clone(m.Fields)
	for i, f := range m.Fields {
		w, ok := of.Find(f.Key.Text)
		if !ok || w.Secret == nil || f.Value.Kind != spec.Map {
			continue
		}
		entries := slices.Clone(f.Value.Fields)
		for j, e := range entries {
			if variable, ok := w.Secret(e.Key.Text, e.Value.Text); ok {
				entries[j].Value = change(e.Value, variable)
			}
		}
		m.Fields[i].Value.Fields = entries
	}
	return m
}
