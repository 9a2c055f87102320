package claims

import (
	"encoding/json"
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

// The page is what is stored of the measurements: nobody edits it by hand.
func TestTheTrackRecordIsWhatWasMeasured(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, recordPath))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(root, findingsPath))
	if err != nil {
		t.Fatal(err)
	}
	var findings []finding
	if err := json.Unmarshal(raw, &findings); err != nil {
		t.Fatal(err)
	}
	_, on, _ := strings.Cut(string(text), "\n"+measuredOn)
	on, _, _ = strings.Cut(on, ", at the commits below")
	if got := record(findings, on); on == "" || got != string(text) {
		t.Errorf("%s is not what %s says: run make track-record ONLY=none", recordPath, findingsPath)
	}
}

func TestTheTrackRecordIsSummedUp(t *testing.T) {
	got := summed([]finding{
		{Bug: "A1", Target: "alpha", Needed: []int{3, 5, 9}, Most: 100, Real: tally{2, 5}},
		{Bug: "A1", Target: "alpha", Needed: []int{40, 101, 101}, Most: 100, Real: tally{0, 5}},
		{Bug: "A2", Target: "alpha", Needed: []int{1, 1, 2}, Most: 100},
		{Bug: "B1", Target: "beta", Real: tally{3, 3}},
	})
	want := []string{"| alpha | 2 | 3 | 5, > 100 | 2 of 9 | 1 of 2 |", "| beta | 1 | 1 | – | 0 of 0 | 1 of 1 |"}
	if lines := strings.Split(strings.TrimSpace(got), "\n"); !slices.Equal(lines[2:], want) {
		t.Errorf("summed up as\n%s\nwant\n%s", got, strings.Join(want, "\n"))
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
