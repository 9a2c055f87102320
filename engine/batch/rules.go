package batch

import (
	"path/filepath"
	"time"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets"
)

// RulesOf says what a scenario expects of the results of a variant, in the words of package result.
func RulesOf(p trial.Program, v targets.Variant) result.Rules {
	var rules result.Rules
	for _, k := range p.Scenario.Known {
		of := k.Variant.Text // empty: every variant
		if of != "" && of != v.Name && !(of == scenario.Reference && v.Name == p.Target.Reference) {
			continue
		}
		known := result.KnownBreach{
			Class: k.Class.Text, Why: k.Why, Expired: k.Expired, EndsSoon: k.EndsSoon, Planted: k.Planted, Rate: k.Rate,
		}
		if !k.Until.IsZero() {
			known.Until = k.Until.Format(time.DateOnly)
		}
		rules.Known = append(rules.Known, known)
	}
	for _, t := range p.Scenario.Thresholds {
		rules.Thresholds = append(rules.Thresholds, ThresholdOf(t))
	}
	for _, t := range p.Scenario.Regression {
		rules.Regression = append(rules.Regression, result.Tolerance{Metric: t.Metric.String(), Share: t.Share, Line: t.At.Pos.Line})
	}
	for _, word := range p.Scenario.Expect {
		if word.Pos.Line > 0 {
			if rules.Promises == nil {
				rules.Promises = map[string]int{}
			}
			rules.Promises[word.Text] = word.Pos.Line
		}
	}
	return rules
}

// ThresholdOf is a threshold of a scenario in the words of package result.
func ThresholdOf(t scenario.Threshold) result.Threshold {
	return result.Threshold{
		Expr: t.String(), Func: t.Metric.Func, Name: t.Metric.Name, Phase: t.Metric.Phase,
		Unit: string(t.Unit), Op: t.Op, Bound: t.Value, Line: t.At.Pos.Line,
	}
}

// placeOf says where a scenario's file names a variant: the file, and the line of the variant or of the
// target. What is built into racebench has no file.
func placeOf(p trial.Program, variant string) (file string, line int) {
	if ext := filepath.Ext(p.Scenario.File); ext != ".yaml" && ext != ".yml" {
		return "", 0
	}
	line = p.Scenario.Target.Pos.Line
	for _, v := range p.Scenario.Variants {
		named := v.Text == variant || v.Text == scenario.Reference && variant == p.Target.Reference
		if named && v.Pos.Line > 0 {
			line = v.Pos.Line
		}
	}
	return p.Scenario.File, line
}
