package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What fuzz refuses of Go tests is refused before anything is built.
func TestWhatFuzzRefusesOfGoTests(t *testing.T) {
	dir := t.TempDir()
	tests, mixed, empty := filepath.Join(dir, "tests"), filepath.Join(dir, "mixed"), filepath.Join(dir, "empty")
	for path, file := range map[string]string{tests: "a_test.go", mixed: "b_test.go", empty: "c.go"} {
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(path, file), []byte("package p\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(mixed, "s.yaml"), []byte("name: s\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		mixed:                             "holds tests and scenarios: say --run REGEXP for the tests, or name a file",
		empty + " --run X":                "holds no _test.go",
		empty + " -run X":                 "holds no _test.go",
		"broker -run=X":                   "--run is for Go tests: name a folder that holds _test.go",
		"broker --run X":                  "--run is for Go tests: name a folder that holds _test.go",
		tests + " broker":                 "Go tests and scenarios do not share a run: name them apart",
		tests + " --slack -1ms":           "--slack -1ms: a time cannot be negative",
		tests + " --sigterm 3":            "--sigterm 3: at most 2",
		tests + " --engine real":          "--engine real: Go tests run under racebench's own scheduler",
		tests + " --variant x":            "--variant: a Go test has none",
		tests + " --timeout 5s":           "--timeout: this is not there for Go tests",
		tests + " --confirm":              "--confirm: this is not there for Go tests",
		tests + " --corpus " + dir:        "--corpus: this is not there for Go tests",
		tests + " --verify":               "--verify: this is not there for Go tests",
		tests + " --trials 5 --shard 1/2": "--shard: this is not there for Go tests",
		"broker --sigterm 1":              "--sigterm is for Go tests",
		"broker/gate-only --race":         "--race is for Go tests",
		tests + " --run a --for -1s":      "--for -1s: a time cannot be negative",
	} {
		var out, stderr bytes.Buffer
		if status := run(t.Context(), append([]string{"fuzz", "--dir", filepath.Join(dir, "runs")}, strings.Fields(args)...), &out, &stderr); status != statusUsage || !strings.Contains(stderr.String(), want) {
			t.Errorf("fuzz %s: status %d, %q, want %d and %q", args, status, stderr.String(), statusUsage, want)
		}
	}
}
