package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets/all"
)

// faultyOnPurpose is the one scenario here that must be refused.
const faultyOnPurpose = "testdata/scenario/faulty.yaml"

// exampleFiles lists every scenario that a reader of the project may copy.
func exampleFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, root := range []string{"../../examples", "../../targets", "."} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if os.IsNotExist(err) {
				return nil
			}
			if err == nil && !d.IsDir() && filepath.Ext(path) == ".yaml" {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, must := range []string{"../../targets/broker/example.yaml", "demo.yaml", "doctor.yaml", faultyOnPurpose} {
		if !slices.Contains(files, must) {
			t.Fatalf("%s is not among the examples %v", must, files)
		}
	}
	return files
}

func TestExamplesAreValid(t *testing.T) {
	schema, err := compileSchema(scenario.Schema(trial.Catalog(all.Targets()).Vocabulary()))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range exampleFiles(t) {
		t.Run(filepath.ToSlash(strings.TrimPrefix(file, "../../")), func(t *testing.T) {
			err := checkScenario(file)
			conforms := schema.Validate(asJSON(t, file))
			if file == faultyOnPurpose {
				if err == nil || conforms == nil {
					t.Errorf("a faulty scenario is accepted: by the reader: %v, by the schema: %v", err, conforms)
				}
				return
			}
			if err != nil {
				t.Error(err)
			}
			if conforms != nil {
				t.Errorf("the reader accepts it, the schema does not: %v", conforms)
			}
		})
	}
}

func checkScenario(file string) error {
	s, problems, err := scenario.ReadFile(file, time.Now())
	switch {
	case err != nil:
		return err
	case problems != nil:
		return problems
	}
	if _, errs := trial.Compile(s, all.Targets()); len(errs) > 0 {
		return s.Problems(errs)
	}
	return nil
}

// asJSON reads a scenario the way an editor does that checks it against the schema.
func asJSON(t *testing.T, file string) any {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := yaml.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
