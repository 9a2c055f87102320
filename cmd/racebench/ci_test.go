package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/racebench/racebench/engine/result"
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

// A workflow installs the racebench that wrote it, in each of its jobs.
func TestWorkflowsInstallWhatWroteThem(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	defer func(was string) { release = was }(release)
	for name, w := range workflows() {
		jobs := bytes.Count(w.text, []byte("go install "+latestRacebench+"\n"))
		if jobs != 3 {
			t.Errorf("%s: %d jobs install racebench, want 3", name, jobs)
		}
		if text := pinned(name, w.text, result.Tool{Build: commit}); bytes.Count(text, []byte("racebench@"+commit)) != jobs || bytes.Contains(text, []byte("@latest")) {
			t.Errorf("%s: the commit is not what is installed:\n%s", name, text)
		}
		if text := pinned(name, w.text, result.Tool{Version: "v0.3.1", Build: "devel"}); bytes.Count(text, []byte("racebench@v0.3.1")) != jobs {
			t.Errorf("%s: the version is not what is installed:\n%s", name, text)
		}
		for _, build := range []string{"devel", commit + "+changed"} {
			if text := pinned(name, w.text, result.Tool{Build: build}); !bytes.Equal(text, w.text) {
				t.Errorf("%s: build %s can be fetched by nobody, and is named", name, build)
			}
		}
		release = "v0.1.0"
		text := pinned(name, w.text, result.Tool{Version: release, Build: commit})
		release = ""
		if bytes.Contains(text, []byte("go install")) || bytes.Contains(text, []byte("VERSION")) || bytes.Count(text, []byte("v0.1.0")) < jobs {
			t.Errorf("%s: a release is not installed by its archive:\n%s", name, text)
		}
		var parsed map[string]any
		if err := yaml.Unmarshal(text, &parsed); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
