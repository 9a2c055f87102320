package scenario

import (
	"fmt"
	"strconv"

	"github.com/racebench/racebench/scenario/spec"
)

// Marshal writes the scenario in normal form: every field in the documented order,
// defaults filled in, no comments. Parse reads it back to the same fields and the same
// Hash; only EngineSet is then true, so that no command runs it in another engine.
func (s Scenario) Marshal() []byte {
	data, err := encodeYAML(writeFields(words, &s))
	if err != nil {
		// Values hold nothing that YAML cannot write, so this is a bug here.
		panic(fmt.Sprintf("scenario: write %s: %v", s.Name, err))
	}
	return data
}

// MarshalProgram writes what the scenario says of its external program and of what stands beside it, in normal form. There
// must be a program.
func (s Scenario) MarshalProgram() []byte {
	one := spec.Value{Kind: spec.Map, Fields: []spec.Field{{Key: spec.Text(External), Value: *s.External}}}
	if !isEmpty(s.Services) {
		one.Fields = append(one.Fields, spec.Field{Key: spec.Text("services"), Value: s.Services})
	}
	data, err := encodeYAML(one)
	if err != nil {
		panic(fmt.Sprintf("scenario: write the program of %s: %v", s.Name, err))
	}
	return data
}

// writeFields makes a map of all words that say something.
func writeFields[T any](words []word[T], from *T) spec.Value {
	var root spec.Value
	for _, w := range words {
		root.Kind = spec.Map
		if v := w.write(from); !isEmpty(v) || w.evenEmpty && v.Kind != spec.Null {
			root.Fields = append(root.Fields, spec.Field{Key: spec.Text(w.name), Value: v})
		}
	}
	return root
}

// isEmpty reports whether a value says no more than its absence.
func isEmpty(v spec.Value) bool {
	return v.Kind == spec.Null || v.Kind == spec.List && len(v.Items) == 0 || v.Kind == spec.Map && len(v.Fields) == 0
}

// wordValue is a word that stays one even if it looks like a number.
func wordValue(s string) spec.Value {
	v := spec.Text(s)
	_, err := spec.Float(v)
	v.Quoted = err == nil
	return v
}

// quoted is a text in quotes; an empty one says nothing.
func quoted(s string) spec.Value {
	if s == "" {
		return spec.Value{}
	}
	v := spec.Text(s)
	v.Quoted = true
	return v
}

// percent writes a share in the shortest way that spec.Percent reads back as the same
// number.
func percent(share float64) string {
	text := ""
	for digits := range 36 {
		text = strconv.FormatFloat(share*100, 'f', digits, 64) + "%"
		if back, err := spec.Percent(spec.Text(text)); err == nil && back == share {
			break
		}
	}
	return text
}
