//go:build soak

package claims

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestSoakDurabilityBugs(t *testing.T) { soakBugs(t, "durability", "DH*.yaml", false) }

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
