package scenario

import (
	"fmt"
	"slices"

	"github.com/racebench/racebench/scenario/spec"
)

// The fields whose values may be secrets: of `external`, and of a load group.
const (
	envField     = "env"
	headersField = "headers"
)

// places are values of variables that racebench fills in itself: they are nobody's secret, and a replay needs
// them as they are.
var places = []string{"{port}", ":{port}", "127.0.0.1:{port}", "localhost:{port}", "{data}"}

// leftOut stands for a header's value that nobody has.
const leftOut = "left-out"

// Kept returns the scenario as it may stay on disk: the variables of external.env, and the headers that say who
// somebody is, keep their names and lose their values. The hash is the same.
func (s Scenario) Kept() Scenario {
	if s.External != nil {
		external := withoutSecrets(*s.External)
		s.External = &external
	}
	s.Load = list(s.Load, withoutHeaders).Items
	return s
}

// Secrets returns what Kept leaves out, as NAME=value. Filled puts it back.
func (s Scenario) Secrets() []string {
	var secrets []string
	if s.External != nil {
		if env, ok := s.External.Get(envField); ok {
			for _, variable := range env.Fields {
				if variable.Value.Kind == spec.Scalar {
					secrets = append(secrets, variable.Key.Text+"="+variable.Value.Text)
				}
			}
		}
	}
	for i, g := range s.Load {
		headers, _ := g.Get(headersField)
		for _, h := range headers.Fields {
			if variable, ok := spec.SecretHeader(h.Key.Text); ok && h.Value.Kind == spec.Scalar {
				secrets = append(secrets, headerName(i, variable)+"="+h.Value.Text)
			}
		}
	}
	return secrets
}

// headerName is the name of one group's header among secrets.
func headerName(group int, variable string) string {
	return fmt.Sprintf("HEADER_%d_%s", group, variable)
}

// Filled returns the scenario with the headers that have no value filled in: what Secrets handed over, or the
// variable that is called as the header, AUTHORIZATION for one. Missing names the variables that there are not;
// their headers say so.
func (s Scenario) Filled(lookup func(name string) (string, bool)) (filled Scenario, missing []string) {
	group := -1
	s.Load = list(s.Load, func(g spec.Value) spec.Value {
		group++
		return eachSecret(g, func(v spec.Value, variable string) spec.Value {
			if v.Kind != spec.Null {
				return v
			}
			text, ok := lookup(headerName(group, variable))
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

func withoutHeaders(group spec.Value) spec.Value {
	return eachSecret(group, func(v spec.Value, _ string) spec.Value {
		v.Kind, v.Text, v.Quoted = spec.Null, "", false
		return v
	})
}

// eachSecret returns a load group with every secret header changed. The group itself is left alone.
func eachSecret(group spec.Value, change func(v spec.Value, variable string) spec.Value) spec.Value {
	group.Fields = slices.Clone(group.Fields)
	for i, f := range group.Fields {
		if f.Key.Text != headersField || f.Value.Kind != spec.Map {
			continue
		}
		headers := f.Value
		headers.Fields = slices.Clone(headers.Fields)
		for j, h := range headers.Fields {
			if variable, ok := spec.SecretHeader(h.Key.Text); ok {
				headers.Fields[j].Value = change(h.Value, variable)
			}
		}
		group.Fields[i].Value = headers
	}
	return group
}

func withoutSecrets(external spec.Value) spec.Value {
	external.Fields = slices.Clone(external.Fields)
	for i, f := range external.Fields {
		if f.Key.Text != envField || f.Value.Kind != spec.Map {
			continue
		}
		bare := f.Value
		bare.Fields = slices.Clone(bare.Fields)
		for j, variable := range bare.Fields {
			if !slices.Contains(places, variable.Value.Text) {
				bare.Fields[j].Value.Kind, bare.Fields[j].Value.Text = spec.Null, ""
			}
		}
		external.Fields[i].Value = bare
	}
	return external
}
