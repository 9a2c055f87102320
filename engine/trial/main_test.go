package trial_test

import (
	"os"
	"testing"

	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/trialtest"
	"github.com/racebench/racebench/targets/broker"
)

// catalog is what the scenarios of these tests may name.
var catalog = trial.Catalog{trialtest.Toy, broker.Target(), trialtest.Shelf}

// TestMain lets the test binary be the child of its own trials.
func TestMain(m *testing.M) {
	trial.MaybeChild(trial.Config{Catalog: catalog})
	os.Exit(m.Run())
}

// compile compiles a scenario of the catalog.
func compile(t testing.TB, text string) trial.Program {
	t.Helper()
	return trialtest.CompileWith(t, text, catalog)
}
