package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/console"
	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets/all"
)

// An external program that is run from another place has the same draws as the scenario that was
// written, and says in its own trials where it ran.
func TestAnotherPlaceKeepsTheSeeds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "web.yaml")
	text := `name: web
target: external
external: {command: [./server], cwd: srv, url: "http://127.0.0.1:{port}/", ready: {http: /}}
load:
  - {client: http-keepalive, path: /, as: home}
`
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	a := &app{ctx: t.Context(), catalog: all.Targets(), stderr: console.New(os.Stderr)}
	written, err := a.load(path)
	if err != nil {
		t.Fatal(err)
	}
	moved := []trial.Program{written}
	if err := a.relocate(moved, func(v spec.Value) spec.Value { return withField(v, "cwd", spec.Text("/elsewhere/srv")) }); err != nil {
		t.Fatal(err)
	}
	if cwd, _ := moved[0].Scenario.External.Get("cwd"); cwd.Text != "/elsewhere/srv" || moved[0].Hash == written.Hash {
		t.Errorf("cwd is %q, the hash %s", cwd.Text, moved[0].Hash)
	}
	if cwd, _ := written.Scenario.External.Get("cwd"); cwd.Text != "srv" {
		t.Errorf("the scenario as written was changed: %q", cwd.Text)
	}
	for i := range 3 {
		want := trial.NewPlan(written, written.Variants[0], 7, i, "")
		got := trial.NewPlan(moved[0], moved[0].Variants[0], 7, i, "")
		if got.Seed != want.Seed || got.Strikes[0] != want.Strikes[0] {
			t.Errorf("trial %d has seed %s, not %s", i, got.Seed, want.Seed)
		}
	}
}
