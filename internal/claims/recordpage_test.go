package claims

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// `make track-record` writes the track record; that it has been run for every bug is checked here.
func TestTheTrackRecordNamesEveryBug(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, recordPath))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(plantedFiles(t), mutations(t)...) {
		target := filepath.Base(filepath.Dir(filepath.Dir(path)))
		if !strings.Contains(string(text), "`"+target+"/") {
			t.Logf("%s has nothing of %s yet: run make track-record", recordPath, target)
			continue
		}
		if mustShow(t, path) && !strings.Contains(string(text), "| "+bugOf(path)+" |") {
			t.Errorf("%s has no row for %s: run make track-record", recordPath, bugOf(path))
		}
	}
}

// mustShow says whether a scenario lists a breach that has to show: controls and rare ones do not.
func mustShow(t *testing.T, path string) bool {
	if filepath.Ext(path) != ".yaml" {
		return true // a mutation
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(compile(t, bugOf(path), string(text)).runs, func(r *variantRun) bool { return len(r.must) > 0 })
}
