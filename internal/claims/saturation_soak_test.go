//go:build soak

package claims

import (
	"path/filepath"
	"testing"
)

// TestSoakDefaultScenariosFillWhatHasABound wants each queue, mailbox, permit and slot of the targets' own scenarios
// full in nine of ten trials.
func TestSoakDefaultScenariosFillWhatHasABound(t *testing.T) {
	const trials, enough = 10, 9
	for _, target := range []string{"broker", "gateway", "coldstore", "durability"} {
		t.Run(target, func(t *testing.T) {
			w := open(t, filepath.Join(root, "targets", target, "example.yaml"))
			w.round(trials, func(r *variantRun) bool { return r.variant.Verdict == "reference" })
			full, told := map[string]int{}, 0
			for _, r := range w.runs {
				for _, one := range r.trials {
					for _, b := range one.Bounded {
						told++
						full[b.Name] += int(min(1, b.Most/b.Bound))
					}
				}
			}
			if told == 0 {
				t.Fatal("nothing has a bound")
			}
			for name, n := range full {
				if n < enough {
					t.Errorf("%s was full in %d trials of %d, want %d", name, n, trials, enough)
				}
			}
		})
	}
}
