package engine

import (
	"github.com/racebench/racebench/engine/result"
)

// rulesOf says what a scenario expects of its results, in the words of package result.
func rulesOf(p Program) result.Rules {
	var rules result.Rules
	for _, k := range p.Scenario.Known {
		rules.Known = append(rules.Known, result.KnownBreach{
			Variant: k.Variant.Text, Class: k.Class.Text, Why: k.Why, Expired: k.Expired, EndsSoon: k.EndsSoon, Until: k.Until,
			Planted: k.Planted, Rate: k.Rate,
		})
	}
	for _, t := range p.Scenario.Thresholds {
		rules.Thresholds = append(rules.Thresholds, result.Threshold{
			Expr: t.String(), Func: t.Metric.Func, Name: t.Metric.Name, Phase: t.Metric.Phase,
			Unit: string(t.Unit), Holds: t.Holds,
		})
	}
	for _, t := range p.Scenario.Regression {
		rules.Regression = append(rules.Regression, result.Tolerance{Metric: t.Metric.String(), Share: t.Share})
	}
	return rules
}
