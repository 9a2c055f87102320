package trial

import "github.com/racebench/racebench/engine/result"

// setAside moves what one trial alone does not prove to the trial's suspects, and returns the others.
func setAside(t *result.Trial, found []result.Breach, need result.Need) (others []result.Breach) {
	for _, b := range found {
		if b.If == "" {
			others = append(others, b)
			continue
		}
		b.If = need
		t.Suspects = append(t.Suspects, b)
	}
	return others
}
