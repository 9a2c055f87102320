package trial_test

import (
	"slices"
	"testing"

	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/trialtest"
	"github.com/racebench/racebench/targets/gateway"
	"github.com/racebench/racebench/targets/promise"
)

// A fault that a knob plants is not the design's: what it breaks by itself is not judged, unless the scenario names it.
func TestAPlantedFaultSuspendsWhatItBreaks(t *testing.T) {
	for _, tc := range []struct {
		what, fields    string
		judged, inSmall bool
	}{
		{"no fault", "knobs: {slots: 2}", true, true},
		{"the default, written", "knobs: {panics: 0}", true, true},
		{"a fault", "knobs: {panics: 3}", false, false},
		{"a fault of the small world", "sim: {knobs: {panics: 3}}", true, false},
		{"a fault that the small world takes away", "knobs: {panics: 3}\nsim: {knobs: {panics: 0}}", false, true},
		{"a fault, and the promise expected by name", "knobs: {panics: 3}\nexpect: [process-survives, drain-ends]", true, true},
	} {
		p := trialtest.CompileWith(t, "name: planted\ntarget: gateway\n"+tc.fields+"\n", trial.Catalog{gateway.Target(nil)})
		small, _ := p.Small()
		if got := slices.Contains(p.Expect, promise.ProcessSurvives); got != tc.judged {
			t.Errorf("%s: judged is %t, want %t", tc.what, got, tc.judged)
		}
		if got := slices.Contains(small.Expect, promise.ProcessSurvives); got != tc.inSmall {
			t.Errorf("%s: judged in the small world is %t, want %t", tc.what, got, tc.inSmall)
		}
		if !slices.Contains(p.Expect, promise.DrainEnds) || !slices.Contains(small.Expect, promise.DrainEnds) {
			t.Errorf("%s: another promise is not judged", tc.what)
		}
	}
}
