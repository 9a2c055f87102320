package result_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"testing"

	reflector "github.com/invopop/jsonschema"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/racebench/racebench/engine/result"
)

var update = flag.Bool("update", false, "rewrite the schema's file")

const schemaFile = "result.schema.json"

// reflected makes the schema from the types and their comments.
func reflected(t *testing.T) []byte {
	t.Helper()
	r := reflector.Reflector{
		AllowAdditionalProperties: true,
		Anonymous:                 true,
		ExpandedStruct:            true,
		Mapper: func(typ reflect.Type) *reflector.Schema {
			if typ != reflect.TypeFor[result.Verdict]() {
				return nil
			}
			s := &reflector.Schema{Type: "string", Description: "worse ones later in this list"}
			for v := result.Passed; v <= result.Hung; v++ {
				s.Enum = append(s.Enum, v.String())
			}
			return s
		},
	}
	if err := r.AddGoComments("github.com/racebench/racebench/engine/result", "./"); err != nil {
		t.Fatal(err)
	}
	s := r.Reflect(&result.Report{})
	s.Title = result.SchemaName
	s.ID = "https://github.com/racebench/racebench/releases/latest/download/racebench-result-v1.schema.json"
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(raw, '\n')
}

func TestSchemaIsThatOfTheTypes(t *testing.T) {
	want := reflected(t)
	if *update {
		if err := os.WriteFile(schemaFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the types say; if they are right: go test ./engine/result -update", schemaFile)
	}
	if !*update && !bytes.Equal(result.SchemaJSON(), got) {
		t.Error("SchemaJSON is not the file")
	}
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(result.SchemaJSON()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(schemaFile, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func asDocument(t *testing.T, raw []byte) map[string]any {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return doc.(map[string]any)
}

func TestSchemaAcceptsReportsAndNothingElse(t *testing.T) {
	s := compiled(t)
	raw, err := reportOf(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(asDocument(t, raw)); err != nil {
		t.Fatal(err)
	}
	row := func(doc map[string]any) map[string]any { return doc["results"].([]any)[0].(map[string]any) }
	for name, change := range map[string]func(map[string]any){
		"no verdict":         func(doc map[string]any) { delete(doc, "verdict") },
		"an unknown verdict": func(doc map[string]any) { doc["verdict"] = "fine" },
		"a seed as a number": func(doc map[string]any) { row(doc)["seed"] = json.Number("7") },
		"a date as it likes": func(doc map[string]any) { doc["started"] = "yesterday" },
		"half a nanosecond":  func(doc map[string]any) { doc["elapsed_ns"] = json.Number("0.5") },
		"trials without run": func(doc map[string]any) { delete(row(doc)["trials"].(map[string]any), "run") },
		"results as a map":   func(doc map[string]any) { doc["results"] = map[string]any{} },
	} {
		doc := asDocument(t, raw)
		change(doc)
		if s.Validate(doc) == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	doc := asDocument(t, raw)
	row(doc)["from_a_later_version"] = true
	if err := s.Validate(doc); err != nil {
		t.Errorf("a field of a later version is refused: %v", err)
	}
}
