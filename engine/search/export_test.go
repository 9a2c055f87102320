package search

import (
	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/trial"
)

// ShrinkFile is shrinkFile without a hurry, for the tests outside the package.
func ShrinkFile(m *trial.Simulator, f *explore.File, class string, b explore.ShrinkBudget, catalog trial.Catalog) (*explore.File, explore.Shrunk, error) {
	return shrinkFile(m, f, class, b, catalog, nil)
}

// ShrinkWorld records a failure and makes its world small.
func ShrinkWorld(m *trial.Simulator, f Failure, b explore.ShrinkBudget) (*explore.File, error) {
	file, _, err := RecordFailure(m, f.Plan, strategyOf(f.Plan, f.hints), f.Name)
	if err != nil {
		return nil, err
	}
	file, _, err = shrinkWorld(m, f, file, b, nil)
	return file, err
}
