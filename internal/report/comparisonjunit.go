package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/gate"
)

// comparisonJUnit writes a suite for each result and a test case for each invariant, threshold and named metric: the
// same names whatever the gate finds, so that a CI system can follow a test. What is only counted is no case.
func comparisonJUnit(c *gate.Comparison, _ Options) ([]byte, error) {
	c = cleaned(c)
	all := junit.Testsuites{Name: "racebench gate"}
	var total int64
	for _, r := range c.Results {
		row := rowOf(r)
		total += tookNS(row)
		class := r.Target + "/" + r.Variant
		s := junit.Testsuite{Name: r.Name(), Time: seconds(tookNS(row))}
		s.AddTestcase(bothTested(r, row, class))
		for _, name := range row.Invariants {
			s.AddTestcase(changeCase(r, row, name, class, Called(c.Head.Called)))
		}
		for _, t := range r.Thresholds {
			s.AddTestcase(thresholdCase(t, class))
		}
		for _, m := range r.Metrics {
			if m.Gated {
				s.AddTestcase(metricCase(m, class))
			}
		}
		all.AddSuite(s)
	}
	all.Time = seconds(total)
	return encodeJUnit(all)
}

// rowOf is the head's result. That of a comparison without one has the invariants that broke.
func rowOf(r gate.ResultChange) result.Row {
	if r.Row != nil {
		return *r.Row
	}
	row := result.Row{Verdict: r.Verdict}
	for _, b := range r.Breaches {
		if !slices.Contains(row.Invariants, b.Invariant) {
			row.Invariants = append(row.Invariants, b.Invariant)
		}
	}
	return row
}

// bothTested stands for the trials, and takes their time. A head or a base that tested nothing is an error, and so is a
// check that is blind.
func bothTested(r gate.ResultChange, row result.Row, class string) junit.Testcase {
	c := junit.Testcase{Name: "tested", Classname: class, Time: seconds(tookNS(row))}
	switch {
	case r.Verdict == result.Untested:
		c.Error = &junit.Result{Message: "nothing was tested", Type: "untested", Data: strings.Join(untestedBecause(row), "\n")}
	case r.Untested != "":
		c.Error = &junit.Result{Message: "the base was not tested", Type: "untested", Data: r.Untested}
	case r.Verdict == result.Missed && !slices.ContainsFunc(r.Thresholds, func(t gate.ThresholdChange) bool { return t.Head != nil && !t.Holds }):
		c.Failure = &junit.Result{Message: "a planted breach did not show: the check is blind", Type: "missed"}
	}
	return c
}

// changeCase is an invariant: it fails with the classes that the gate fails for, the first of them in its message.
func changeCase(r gate.ResultChange, row result.Row, name, class, called string) junit.Testcase {
	c := junit.Testcase{Name: name, Classname: class, Time: seconds(0)}
	var fails, open []string
	for _, b := range r.Breaches {
		if b.Invariant != name || b.State == gate.Gone {
			continue
		}
		counts := fmt.Sprintf("%s: %s: %s, was %s", b.Class, breachState(b), of(b.Head, r.Trials[1]), of(b.Base, r.Trials[0]))
		if remark := breachRemark(b); remark != "" {
			counts += " (" + remark + ")"
		}
		if !b.Fails {
			open = append(open, counts)
			continue
		}
		t := tellingOf(r, b)
		if c.Failure == nil {
			c.Failure = &junit.Result{Message: t.sentence, Type: breachState(b)}
		}
		fails = append(fails, counts, t.sentence)
		fails = append(fails, exampleOf(b.First)...)
		if t.fix != "" {
			fails = append(fails, "fix first: "+t.fix)
		}
		if b.First.Dir != "" {
			fails = append(fails, "again: "+called+" replay "+quote(b.First.Dir))
		}
	}
	switch {
	case c.Failure != nil:
		c.Failure.Data = strings.Join(append(fails, open...), "\n")
	case len(open) > 0:
		c.Skipped = &junit.Result{Message: strings.Join(open, "; ")}
	case unjudged(r.Trials[1], r.Hung[1]):
		c.Skipped = &junit.Result{Message: "not judged"}
	case r.Verdict == result.Untested, r.Row != nil && !slices.Contains(row.Tried(), name):
		c.Skipped = &junit.Result{Message: "nothing was tested"}
	}
	return c
}

func thresholdCase(t gate.ThresholdChange, class string) junit.Testcase {
	c := junit.Testcase{Name: t.Expr, Classname: class, Time: seconds(0)}
	text := fmt.Sprintf("head %s, base %s", quantity(t.Head, t.Unit), quantity(t.Base, t.Unit))
	switch {
	case t.Head == nil:
		c.Skipped = &junit.Result{Message: "not measured"}
	case !t.Holds:
		c.Failure = &junit.Result{Message: t.Expr + " does not hold: " + text, Type: "missed"}
	}
	return c
}

// metricCase is a metric that regression: names.
func metricCase(m gate.MetricChange, class string) junit.Testcase {
	c := junit.Testcase{Name: m.Metric, Classname: class, Time: seconds(0)}
	line := newPainter(Options{}).metricCheck(m)
	text := strings.Join(strings.Fields(strings.Join([]string{"base", line.base, "head", line.head, line.change, line.state, line.remark, line.chance}, " ")), " ")
	switch {
	case line.fails:
		c.Failure = &junit.Result{Message: text, Type: line.state, Data: m.Why}
	case line.open:
		c.Skipped = &junit.Result{Message: strings.TrimSuffix(text+": "+m.Why, ": ")}
	}
	return c
}
