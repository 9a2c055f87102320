//go:build soak

package claims

import "testing"

// soakedSchedules is how many schedules of the reference each small world is searched for.
const soakedSchedules = 100_000

// TestSoakReferenceInSmallWorlds plays the reference in the small world of every planted bug.
func TestSoakReferenceInSmallWorlds(t *testing.T) {
	for _, path := range plantedFiles(t) {
		t.Run(bugOf(path), func(t *testing.T) {
			w := openPlanted(t, path)
			newSmallWorld(w, reference(w)).clean(2, soakedSchedules)
		})
	}
}
