package scenario

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// project writes a project's file and a scenario beside it and reads both.
func project(t *testing.T, shared, text string) (Scenario, *Problems, error) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), ProjectDir)
	path := filepath.Join(dir, "a.yaml")
	for name, text := range map[string]string{ProjectOf(path): shared, path: text} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p, problems, err := ReadProject(ProjectOf(path))
	if err != nil || problems != nil {
		return Scenario{}, problems, err
	}
	return ReadFound(path, time.Now(), p)
}

func TestDefaultsHoldForWhatAScenarioLeavesOut(t *testing.T) {
	const shared = "budget: 90s\ndefaults: {trials: 20, seed: 7, duration: 1s, drain_limit: 3s, owner: \"@acme/cart\"}\n"
	s, problems, err := project(t, shared, "name: a\ntarget: broker\n")
	if problems != nil || err != nil {
		t.Fatal(problems, err)
	}
	if s.Trials != 20 || s.Seed == nil || *s.Seed != 7 || s.Duration != time.Second || s.DrainLimit != 3*time.Second || s.Owner != "@acme/cart" || s.Budget != 90*time.Second {
		t.Errorf("read as %+v", s)
	}
	own, _, _ := project(t, shared, "name: a\ntarget: broker\ntrials: 3\nduration: 4s\ndrain_limit: 5s\nowner: me\nseed: 8\n")
	if own.Trials != 3 || own.Duration != 4*time.Second || own.DrainLimit != 5*time.Second || own.Owner != "me" || *own.Seed != 8 {
		t.Errorf("what the scenario says itself does not win: %+v", own)
	}
	// The hash is that of the values, wherever they stand, and what is kept needs no file beside it.
	written, _ := Parse("b.yaml", []byte("name: b\ntarget: broker\nduration: 1s\ndrain_limit: 3s\n"), time.Now())
	if s.Hash(Vocabulary{}) != written.Hash(Vocabulary{}) {
		t.Error("a default of the project and the same value in the scenario have two hashes")
	}
	again, problems := Parse("kept.yaml", s.Marshal(), time.Now())
	if problems != nil || again.Hash(Vocabulary{}) != s.Hash(Vocabulary{}) || again.Trials != 20 || again.Owner != s.Owner {
		t.Errorf("kept as\n%s", s.Marshal())
	}
}

func TestEveryErrorOfAProjectIsReported(t *testing.T) {
	for shared, want := range map[string][]string{
		"": {"racebench.yaml: the file is empty: write what holds for every scenario beside it"},
		"budget: 0s\ndefaults:\n  trials: none\n  target: broker\nname: a\n": {
			"racebench.yaml:1:9: 0s leaves no time to run", "racebench.yaml:3:11: ", "racebench.yaml:4:3: unknown field \"target\"",
			"racebench.yaml:5:1: unknown field \"name\"",
		},
		"bugdet: 9s\n":         {`racebench.yaml:1:1: unknown field "bugdet" (did you mean "budget"?)`},
		"defaults: [trials]\n": {"racebench.yaml:1:11: defaults is a map, not a list"},
		"- budget: 9s\n":       {"racebench.yaml:1:1: this file is a map of fields, not a list"},
		"budget:\n":            {"racebench.yaml:1:8: budget is empty"},
	} {
		_, problems, err := project(t, shared, "name: a\ntarget: broker\n")
		if err != nil || problems == nil {
			t.Errorf("%q: read without problems (%v)", shared, err)
			continue
		}
		for _, w := range want {
			if !strings.Contains(problems.Error(), w) {
				t.Errorf("%q: %q is not in\n%s", shared, w, problems)
			}
		}
	}
}

func TestOnlyAProjectsDirectoryHasAProject(t *testing.T) {
	for path, want := range map[string]string{
		filepath.Join(ProjectDir, "web.yaml"):        filepath.Join(ProjectDir, ProjectFile),
		filepath.Join("api", ProjectDir, "web.yaml"): filepath.Join("api", ProjectDir, ProjectFile),
		"web.yaml": "",
		filepath.Join(ProjectDir, "deep", "web.yaml"): "",
		filepath.Join("x"+ProjectDir, "web.yaml"):     "",
	} {
		if got := ProjectOf(path); got != want {
			t.Errorf("ProjectOf(%s) is %q, want %q", path, got, want)
		}
	}
	if !IsProject(filepath.Join(ProjectDir, ProjectFile)) || IsProject(ProjectFile) || IsProject(filepath.Join(ProjectDir, "web.yaml")) {
		t.Error("IsProject is wrong")
	}
}
