package docs

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// checkNames compares the first columns of the tables about one kind of thing with what is listed, both
// ways.
func checkNames(all []page, what string, listed []string) []string {
	var wrong, shown []string
	for _, page := range all {
		for _, c := range rowsOf(page) {
			if c.first() != what {
				continue
			}
			for _, name := range names(c.row[0]) {
				shown = append(shown, name)
				alias := what == "variant" && name == "reference"
				if !alias && !slices.Contains(listed, name) {
					not := "does not exist"
					if what == "invariant" {
						not += ", or no target promises it"
					}
					wrong = append(wrong, fmt.Sprintf("%s:%d: %s %s %s", c.page, c.line, what, name, not))
				}
			}
		}
	}
	for _, name := range listed {
		if !slices.Contains(shown, name) {
			wrong = append(wrong, fmt.Sprintf("no table of the documents describes %s %s", what, name))
		}
	}
	return wrong
}

// propertiesOf are the names of all fields in a JSON Schema, each once.
func propertiesOf(t *testing.T, schema string) []string {
	t.Helper()
	var root any
	if err := json.Unmarshal([]byte(schema), &root); err != nil {
		t.Fatal(err)
	}
	var found []string
	var visit func(v any)
	visit = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				visit(item)
			}
		case map[string]any:
			for key, item := range v {
				if fields, ok := item.(map[string]any); ok && key == "properties" {
					for name := range fields {
						found = append(found, name)
					}
				}
				visit(item)
			}
		}
	}
	visit(root)
	slices.Sort(found)
	return slices.Compact(found)
}

// checkFields compares the tables of fields of a page with a schema, both ways. A field may also be
// described in the row of the field that holds it.
func checkFields(p page, properties, except []string) []string {
	var wrong, shown []string
	for _, c := range rowsOf(p) {
		if c.first() != "field" {
			if c.first() == "shape" {
				shown = append(shown, names(strings.Join(c.row, " "))...)
			}
			continue
		}
		shown = append(shown, names(strings.Join(c.row, " "))...)
		for _, name := range names(c.row[0]) {
			if !slices.Contains(properties, name) || slices.Contains(except, name) {
				wrong = append(wrong, fmt.Sprintf("%s:%d: field %s does not exist", c.page, c.line, name))
			}
		}
	}
	for _, name := range properties {
		if !slices.Contains(shown, name) && !slices.Contains(except, name) {
			wrong = append(wrong, fmt.Sprintf("%s describes no field %s", p.name, name))
		}
	}
	return wrong
}
