package engine

import (
	"slices"

	"github.com/racebench/racebench/engine/result"
)

// unexpected says whether a trial shows a breach that nobody expects.
func unexpected(c Config, t result.Trial, h result.Header, rules result.Rules) bool {
	return slices.ContainsFunc(t.Breaches, func(b result.Breach) bool { return !rules.Tolerates(b.Class) && !onBase(c, h, b.Class) })
}

func onBase(c Config, h result.Header, class string) bool {
	return c.OnBase != nil && c.OnBase(h, class)
}

// finding says whether a finished result shows what FailFast stops at.
func finding(c Config, of *result.Campaign) bool {
	return of.Verdict == result.Missed || slices.ContainsFunc(of.Breaches, func(b result.RowBreach) bool {
		return b.Known == "" && !onBase(c, of.Header, b.Class)
	})
}
