package scenario_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
)

// TestSchemaFile holds the committed schema to what Schema prints.
func TestSchemaFile(t *testing.T) {
	scenario.Golden(t, "racebench.schema.json", scenario.Schema(vocabulary))
}

// compiled is the schema, ready to validate.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(scenario.Schema(vocabulary)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("racebench.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("racebench.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// plain turns a value into what an editor's YAML reader would make of it.
func plain(v spec.Value) any {
	switch v.Kind {
	case spec.List:
		items := []any{}
		for _, item := range v.Items {
			items = append(items, plain(item))
		}
		return items
	case spec.Map:
		fields := map[string]any{}
		for _, f := range v.Fields {
			fields[f.Key.Text] = plain(f.Value)
		}
		return fields
	case spec.Null:
		return nil
	}
	if b, err := spec.Bool(v); err == nil {
		return b
	}
	if _, err := spec.Float(v); err == nil {
		return json.Number(v.Text)
	}
	return v.Text
}

// decode reads a file as YAML only.
func decode(t *testing.T, data []byte) any {
	t.Helper()
	root, errs := scenario.DecodeYAML(data)
	if len(errs) > 0 {
		t.Fatalf("not YAML: %v", &errs)
	}
	return plain(root)
}

func TestSchemaTakesGoodFiles(t *testing.T) {
	schema := compiled(t)
	for _, path := range scenario.Good(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(decode(t, data)); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		s := scenario.MustParse(t, string(data))
		if err := schema.Validate(decode(t, s.Marshal())); err != nil {
			t.Errorf("%s, pinned: %v", path, err)
		}
	}
}

func TestSchemaRefusesBadFiles(t *testing.T) {
	schema := compiled(t)
	for _, name := range []string{"many", "types", "metrics", "external", "notexternal"} {
		data, err := os.ReadFile(filepath.Join("testdata", "bad", name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(decode(t, data)); err == nil {
			t.Errorf("%s.yaml is taken", name)
		}
	}
}

// TestSchemaAndParseAgree gives both the same small files, field by field.
func TestSchemaAndParseAgree(t *testing.T) {
	schema := compiled(t)
	for _, row := range []struct {
		lines string
		right bool
	}{
		{scenario.Head, true},
		{"name: x", false},
		{"name: X\ntarget: broker", false},
		{scenario.Head + "\nduration: 1m30s", true},
		{scenario.Head + "\nduration: 90", false},
		{scenario.Head + "\ntrials: 0", false},
		{scenario.Head + "\nseed: 18446744073709551615", true},
		{scenario.Head + "\nseed: 18446744073709551616", false},
		{scenario.Head + "\nsim: {opps: 3}", false},
		{scenario.Head + "\nknown: [{class: a/*, planted: true, rate: 5%}]", true},
		{scenario.Head + "\nknown: [{class: a/*, until: 2027-01-31, rate: 5%}]", false},
		{scenario.Head + "\nknown: [{class: a/*, planted: false}]", false},
		{scenario.Head + "\nknown: [{until: 2027-01-31}]", false},
		{scenario.Head + "\nthresholds: [p99(publish) < 5ms, memory < 1MiB]", true},
		{scenario.Head + "\nthresholds: [p99(publish) = 5ms]", false},
		{scenario.Head + "\nthresholds: [\"p99(publish, night) < 5ms\"]", false},
		{scenario.Head + "\nregression: {p99(publish): 5%}", true},
		{scenario.Head + "\nregression: {p99(publish): 5}", false},
		{scenario.Head + "\nregression: {p99: 5%}", false},
		{scenario.Head + "\nexternal: {command: ./a}", false},
		{"name: x\ntarget: external", false},
		{"name: x\ntarget: external\nexternal: {command: ./a}", true},
		{"name: x\ntarget: external\nexternal: {command: ./a}\nengine: sim", false},
		{"name: x\ntarget: external\nexternal: {command: ./a}\nknobs: {a: 1}", false},
	} {
		_, problems := scenario.Parse("f", []byte(row.lines), scenario.Now)
		err := schema.Validate(decode(t, []byte(row.lines)))
		if (problems == nil) != row.right || (err == nil) != row.right {
			t.Errorf("%s\nwant right=%v; Parse says %v; the schema says %v", row.lines, row.right, problems, err)
		}
	}
}

// TestSchemaNamesEveryField holds that each field Parse reads is in the schema, with
// help for editors.
func TestSchemaNamesEveryField(t *testing.T) {
	var root struct {
		Properties map[string]struct{ Description string }
	}
	if err := json.Unmarshal(scenario.Schema(vocabulary), &root); err != nil {
		t.Fatal(err)
	}
	names := scenario.WordNames()
	for _, name := range names {
		if p, ok := root.Properties[name]; !ok || p.Description == "" {
			t.Errorf("the schema has no %s, or no help on it", name)
		}
	}
	if len(root.Properties) != len(names) {
		t.Errorf("the schema has %d fields, the reader %d", len(root.Properties), len(names))
	}
	if strings.Contains(string(scenario.Schema(vocabulary)), "$defs") {
		t.Error("editors show nothing useful through $defs")
	}
}
