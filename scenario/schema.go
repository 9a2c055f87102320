package scenario

import (
	"encoding/json"
	"fmt"

	"github.com/invopop/jsonschema"

	"github.com/racebench/racebench/scenario/schema"
)

// metricPattern accepts what parseMetric does.
const metricPattern = `^\s*(breach_rate|memory|[a-z0-9]+\s*\(\s*[^\s(),]+\s*(,\s*(steady|drain)\s*)?\))\s*`

// schemaID names the schema and its version, by where a release has it. Fields are only ever added to a version.
const schemaID = "https://github.com/racebench/racebench/releases/latest/download/racebench-scenario-v1.schema.json"

// Schema returns the JSON Schema (draft 2020-12) of a scenario file, for editors. It knows the forms of the fields,
// not the names in the catalogue; the verdict on a file is Parse's, whose errors have places.
func Schema(of Vocabulary) []byte {
	root := schema.Map{Words: described(words, of), Required: requiredWords}.Form()
	root.Version = jsonschema.Version
	root.ID = schemaID
	root.Title = "racebench scenario"
	root.If = schema.With(&schema.Form{Required: []string{"target"}}, schema.Word{Name: "target", Form: schema.Const(External)})
	external := []schema.Word{}
	for _, name := range notOfExternal {
		external = append(external, schema.Word{Name: name, Form: schema.Never()})
	}
	external = append(external, schema.Word{Name: "engine", Form: schema.Enum(string(Real))})
	root.Then = schema.With(&schema.Form{Required: []string{"external"}}, external...)
	root.Else = schema.With(&schema.Form{}, schema.Word{Name: "external", Form: schema.Never()}, schema.Word{Name: "services", Form: schema.Never()})
	data, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("scenario: schema: %v", err)) // it is built of constants
	}
	return append(data, '\n')
}

// knownForm is one expected breach: it ends on a day, or it is planted.
func knownForm() *schema.Form {
	f := schema.Map{Words: described(knownWords, Vocabulary{}), Required: []string{"class"}}.Form()
	planted := schema.With(&schema.Form{Required: []string{"planted"}}, schema.Word{Name: "planted", Form: schema.Const(true)})
	f.AnyOf = []*schema.Form{{Required: []string{"until"}}, planted}
	f.DependentSchemas = map[string]*schema.Form{"rate": planted}
	return f
}

func regressionForm() *schema.Form {
	return &schema.Form{
		Type:                 "object",
		PatternProperties:    map[string]*schema.Form{metricPattern + "$": schema.Percent()},
		AdditionalProperties: schema.Never(),
	}
}
