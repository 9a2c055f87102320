package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"go.yaml.in/yaml/v4"
)

// What init --ci writes is what the examples show, and it is YAML.
func TestWorkflowsAreTheExamples(t *testing.T) {
	for name, w := range workflows() {
		shown, err := os.ReadFile(filepath.Join("..", "..", "examples", "ci", name+".yml"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(shown, w.text) {
			t.Errorf("examples/ci/%s.yml differs from cmd/racebench/ci/%s.yml", name, name)
		}
		var parsed map[string]any
		if err := yaml.Unmarshal(w.text, &parsed); err != nil || len(parsed) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
