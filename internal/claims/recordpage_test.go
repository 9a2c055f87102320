package claims

import (
	"os"
	"path/filepath"
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
		if !strings.Contains(string(text), "| "+bugOf(path)+" |") {
			t.Errorf("%s has no row for %s: run make track-record", recordPath, bugOf(path))
		}
	}
}
