package gate

import (
	"slices"

	"github.com/racebench/racebench/engine/result"
)

// pairsOf finds for each result of the head the base's, as an index; -1 where there is none. Sides that ran
// in turns ran the same scenarios in the same order.
func pairsOf(base, head []result.Row, inTurns bool) []int {
	pairs := make([]int, len(head))
	for i, row := range head {
		pairs[i] = slices.IndexFunc(base, func(o result.Row) bool { return ofOneScenario(o, row) && o.Variant == row.Variant })
	}
	for i, row := range head {
		switch {
		case inTurns && i < len(base) && pairable(base[i], row):
			pairs[i] = i
		case pairs[i] < 0 && row.External():
			pairs[i] = only(base, head, row)
		}
	}
	return pairs
}

// only is the base's one result of the scenario of an external program; -1 where either side has several,
// and nothing says which belong together.
func only(base, head []result.Row, row result.Row) int {
	one := func(rows []result.Row) int {
		first := -1
		for i, o := range rows {
			if ofOneScenario(o, row) {
				if first >= 0 {
					return -1
				}
				first = i
			}
		}
		return first
	}
	if one(head) < 0 {
		return -1
	}
	return one(base)
}

// pairable says whether two results can be of one scenario and variant. An external program has one
// variant.
func pairable(base, head result.Row) bool {
	return ofOneScenario(base, head) && (head.External() || base.Variant == head.Variant)
}

func ofOneScenario(a, b result.Row) bool {
	return a.Scenario == b.Scenario && a.Target == b.Target && a.Engine == b.Engine
}

// Shows says whether the base shows a class of breach in a result of the same scenario and variant as one that
// is just being run.
func Shows(base *result.Report, head result.Header, class string) bool {
	row := result.Row{Header: head}
	return slices.ContainsFunc(base.Results, func(o result.Row) bool {
		return pairable(o, row) && slices.ContainsFunc(o.Breaches, func(b result.RowBreach) bool { return b.Class == class })
	})
}
