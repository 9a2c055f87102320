package engine_test

import (
	"os"
	"testing"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/targets/broker"
)

// catalog is what the scenarios of these tests may name.
var catalog = engine.Catalog{toy, broker.Target(), shelf}

// TestMain lets the test binary be the child of its own trials.
func TestMain(m *testing.M) {
	engine.MaybeChild(engine.Config{Catalog: catalog})
	os.Exit(m.Run())
}

// compile compiles a scenario of the catalog.
func compile(t testing.TB, text string) engine.Program {
	t.Helper()
	return compileWith(t, text, catalog)
}
