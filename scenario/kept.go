package scenario

import (
	"slices"

	"github.com/racebench/racebench/scenario/spec"
)

// envField is the field of `external` whose values may be secrets.
const envField = "env"

// Kept returns the scenario as it may stay on disk: the variables of external.env keep their names and lose
// their values. The hash is the same.
func (s Scenario) Kept() Scenario {
	if s.External == nil {
		return s
	}
	external := withoutSecrets(*s.External)
	s.External = &external
	return s
}

// Secrets returns what Kept leaves out, as NAME=value.
func (s Scenario) Secrets() []string {
	if s.External == nil {
		return nil
	}
	var secrets []string
	for _, f := range s.External.Fields {
		if f.Key.Text != envField {
			continue
		}
		for _, variable := range f.Value.Fields {
			if variable.Value.Kind == spec.Scalar {
				secrets = append(secrets, variable.Key.Text+"="+variable.Value.Text)
			}
		}
	}
	return secrets
}

func withoutSecrets(external spec.Value) spec.Value {
	external.Fields = slices.Clone(external.Fields)
	for i, f := range external.Fields {
		if f.Key.Text != envField || f.Value.Kind != spec.Map {
			continue
		}
		bare := f.Value
		bare.Fields = slices.Clone(bare.Fields)
		for j := range bare.Fields {
			bare.Fields[j].Value.Kind, bare.Fields[j].Value.Text = spec.Null, ""
		}
		external.Fields[i].Value = bare
	}
	return external
}
