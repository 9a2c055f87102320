package coldstore

import (
	"testing"

	"github.com/racebench/racebench/targets"
	"github.com/racebench/racebench/targets/targettest"
)

// patient is the store with a read deadline that no busy machine comes near: the suite's clients end at
// their first refusal.
type patient struct{ Target }

func (p patient) Knobs() []targets.Knob {
	all := p.Target.Knobs()
	for i := range all {
		if all[i].Name == "read-deadline" {
			all[i].Default = "1h"
		}
	}
	return all
}

func TestConformance(t *testing.T) { targettest.Run(t, patient{}) }
