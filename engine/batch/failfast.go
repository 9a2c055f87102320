package batch

import (
	"slices"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
)

// Unexpected says whether a trial shows a breach that nobody expects.
func Unexpected(c trial.Config, t result.Trial, h result.Header, rules result.Rules) bool {
	return slices.ContainsFunc(t.Breaches, func(b result.Breach) bool { return !rules.Tolerates(b.Class) && !onBase(c, h, b.Class) })
}

func onBase(c trial.Config, h result.Header, class string) bool {
	return c.OnBase != nil && c.OnBase(h, class)
}

// Finding says whether a finished result shows what FailFast stops at.
func Finding(c trial.Config, of *result.Campaign) bool {
	return of.Verdict == result.Missed || slices.ContainsFunc(of.Breaches, func(b result.RowBreach) bool {
		return b.Known == "" && !onBase(c, of.Header, b.Class)
	})
}
