//go:build soak

package claims

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestSoakDurabilityBugs gives every bug of the durability host so many trials that a miss is rarer than once
// in a million, by the rate that its scenario names.
func TestSoakDurabilityBugs(t *testing.T) {
	bugs, err := filepath.Glob(filepath.Join(root, "targets", "durability", "testdata", "DH*.yaml"))
	if err != nil || len(bugs) == 0 {
		t.Fatalf("no scenarios of bugs: %v", err)
	}
	for _, path := range bugs {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			w := open(t, path)
			least := 0
			for _, r := range w.runs {
				for _, k := range r.must {
					least = max(least, enough(k))
				}
			}
			for _, why := range w.settle(least) {
				t.Error(why)
			}
			for _, r := range w.runs {
				for _, k := range r.must {
					t.Logf("%s: %s in %d of %d trials; named rate %.0f%%", r.variant.Name, k.Class.Text, r.showed(k.Matches), len(r.trials), 100*k.Rate)
				}
			}
		})
	}
}

// TestSoakDurabilityReference stops, kills and unplugs the reference as often as a soak asks for.
func TestSoakDurabilityReference(t *testing.T) {
	dir := filepath.Join(root, "targets", "durability")
	for _, path := range []string{"example.yaml", "testdata/crash-kill.yaml", "testdata/crash-power.yaml", "testdata/crash-in-drain.yaml"} {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			w := open(t, filepath.Join(dir, filepath.FromSlash(path)))
			w.round(soaked, func(r *variantRun) bool { return r.variant.Name == "reference" })
			r := w.run("reference")
			if len(r.unknown) > 0 || len(r.trials) < soaked {
				t.Errorf("%d valid trials of %d; breaches: %s", len(r.trials), soaked, strings.Join(r.unknown, "\n"))
			}
		})
	}
}
