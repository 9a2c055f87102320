package all

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/invariant"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
)

// TestTable wants the targets in order, each to be found by its name.
func TestTable(t *testing.T) {
	var names []string
	for _, target := range Targets() {
		names = append(names, target.Name)
		if found, ok := trial.Catalog(Targets()).Find(target.Name); !ok || found.Name != target.Name {
			t.Errorf("%s is not found by its name", target.Name)
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(names)) != len(Targets()) {
		t.Errorf("the targets are %v, want them in order and once each", names)
	}
	if _, ok := trial.Catalog(Targets()).Find("no-such-target"); ok {
		t.Error("a target was found that is none")
	}
}

// TestPromises wants every promise of a target to be an invariant that is judged.
func TestPromises(t *testing.T) {
	for _, target := range Targets() {
		for _, name := range target.Promises {
			if _, ok := invariant.Find(name); !ok {
				t.Errorf("%s promises %s, want the name of an invariant", target.Name, name)
			}
		}
	}
}

// TestScenarios compiles what targets bring along, their example and the scenarios of their bugs: a
// renamed knob, window or variant must not leave one behind.
func TestScenarios(t *testing.T) {
	for _, target := range Targets() {
		dir := filepath.Join("..", target.Name)
		files, err := filepath.Glob(filepath.Join(dir, "testdata", "*.yaml"))
		// The bugs of other programs are servers that its tests build.
		outside := target.Binder != nil
		if err != nil || len(files) == 0 && !outside {
			t.Errorf("%s has no scenarios of its bugs (%v)", target.Name, err)
		}
		for _, path := range append(files, filepath.Join(dir, "example.yaml")) {
			s, problems, err := scenario.ReadFile(path, time.Now())
			if err != nil || problems != nil {
				t.Errorf("read %s: %v %v", path, err, problems)
				continue
			}
			if _, errs := trial.Compile(s, trial.Catalog(Targets())); len(errs) > 0 {
				t.Errorf("compile %s: %v", path, errs)
			}
		}
	}
}
