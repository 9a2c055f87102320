package scenario

import (
	"encoding/json"
	"strconv"

	"github.com/invopop/jsonschema"
)

// withFields gives a schema fields, in this order.
func withFields(s *jsonschema.Schema, all ...property) *jsonschema.Schema {
	s.Properties = jsonschema.NewProperties()
	for _, p := range all {
		if p.help != "" {
			p.schema.Description = p.help
		}
		s.Properties.Set(p.name, p.schema)
	}
	return s
}

// object is a map with these fields and no others.
func object(all ...property) *jsonschema.Schema {
	return withFields(&jsonschema.Schema{Type: "object", AdditionalProperties: jsonschema.FalseSchema}, all...)
}

// openObject is a map whose keys others know.
func openObject() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "object", AdditionalProperties: scalar()}
}

func array(of *jsonschema.Schema) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "array", Items: of}
}

// wordList is a list of at least one word, none twice.
func wordList() *jsonschema.Schema {
	s := array(text())
	one := uint64(1)
	s.MinItems, s.UniqueItems = &one, true
	return s
}

func either(a, b *jsonschema.Schema) *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{a, b}}
}

// commandLine is a program with its arguments.
func commandLine() *jsonschema.Schema { return either(text(), array(scalar())) }

func text() *jsonschema.Schema { return &jsonschema.Schema{Type: "string"} }

func boolean() *jsonschema.Schema { return &jsonschema.Schema{Type: "boolean"} }

// scalar is any single value.
func scalar() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, {Type: "number"}, {Type: "boolean"}}}
}

func pattern(p string) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: p}
}

func oneDuration() *jsonschema.Schema { return pattern(`^\+?` + durationPattern + `$`) }

// ranged is A..B or one value.
func ranged(one string) *jsonschema.Schema {
	return pattern(`^\+?` + one + `(\.\.\+?` + one + `)?$`)
}

func enum(words ...string) *jsonschema.Schema {
	s := &jsonschema.Schema{}
	for _, w := range words {
		s.Enum = append(s.Enum, w)
	}
	return s
}

func integer(least, most int64) *jsonschema.Schema {
	return &jsonschema.Schema{
		Type:    "integer",
		Minimum: json.Number(strconv.FormatInt(least, 10)),
		Maximum: json.Number(strconv.FormatInt(most, 10)),
	}
}
