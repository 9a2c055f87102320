package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/gate"
)

// renderJUnit writes a suite for each result and a test case for each invariant and threshold. Findings are
// failures, untested results are errors, and breaches that known: lists are skipped with their reason.
func renderJUnit(r *result.Report, _ Options) ([]byte, error) {
	r = cleaned(r)
	all := junit.Testsuites{Name: "racebench", Time: fmt.Sprintf("%.3f", float64(r.ElapsedNS)/1e9)}
	for _, row := range r.Results {
		all.AddSuite(suiteOf(row, r))
	}
	return encodeJUnit(all)
}

func suiteOf(row result.Row, r *result.Report) junit.Testsuite {
	class := nameOf(row)
	s := junit.Testsuite{Name: row.Scenario + " " + class, Time: "0.000"} // how long one result took is not stored
	s.AddProperty("seed", row.Seed)
	s.AddProperty("engine", row.Engine)
	s.AddProperty("scenario_hash", row.ScenarioHash)
	s.AddProperty("verdict", row.Verdict.String())
	s.AddProperty("trials", fmt.Sprint(row.Trials.Run))
	if row.Owner != "" {
		s.AddProperty("owner", row.Owner)
	}
	if !r.Started.IsZero() {
		s.Timestamp = r.Started.UTC().Format("2006-01-02T15:04:05")
	}
	if row.Verdict == result.Untested {
		s.AddTestcase(junit.Testcase{Name: "tested", Classname: class, Error: &junit.Result{
			Message: "nothing was tested", Type: "untested", Data: strings.Join(untestedBecause(row), "\n"),
		}})
	}
	for _, name := range row.Tried() {
		s.AddTestcase(invariantCase(row, name, class, r))
	}
	for _, t := range row.Thresholds {
		c := junit.Testcase{Name: t.Expr, Classname: class}
		switch {
		case t.Value == nil:
			c.Error = &junit.Result{Message: "nothing was measured", Type: "untested"}
		case !t.Holds:
			c.Failure = &junit.Result{Message: t.Expr + " does not hold: " + measured(t), Type: "missed"}
		}
		s.AddTestcase(c)
	}
	if row.Verdict == result.Missed && !missesThreshold(row) {
		s.AddTestcase(junit.Testcase{Name: "planted breaches show", Classname: class, Failure: &junit.Result{
			Message: "a planted breach did not show: the check is blind", Type: "missed", Data: warningsOf(row),
		}})
	}
	return s
}

func missesThreshold(row result.Row) bool {
	for _, t := range row.Thresholds {
		if t.Value != nil && !t.Holds {
			return true
		}
	}
	return false
}

func warningsOf(row result.Row) string {
	var lines []string
	for _, w := range row.Warnings {
		lines = append(lines, w.Summary)
	}
	return strings.Join(lines, "\n")
}

func untestedBecause(row result.Row) []string {
	var lines []string
	for _, v := range row.Void {
		lines = append(lines, fmt.Sprintf("%s: %s", count(int64(v.Trials), unitOf(row)), v.Reason))
	}
	return lines
}

// invariantCase is an invariant's test: it fails with its worst breach that is not known.
func invariantCase(row result.Row, name, class string, r *result.Report) junit.Testcase {
	c := junit.Testcase{Name: name, Classname: class}
	var fails, known []string
	for _, b := range row.Breaches {
		switch {
		case b.Invariant != name:
		case b.Known != "":
			known = append(known, fmt.Sprintf("%s in %s: %s", b.Class, shownIn(row, b), b.Known))
		default:
			fails = append(fails, fmt.Sprintf("%s in %s: %s", b.Class, shownIn(row, b), b.Summary))
			fails = append(fails, b.First.Evidence...)
			fails = append(fails, "seed "+b.First.Seed)
			if again := ReplayCommand(r, row, b.First.Dir); again != "" {
				fails = append(fails, "again: "+again)
			}
			if c.Failure == nil {
				c.Failure = &junit.Result{Message: headline(row, b), Type: b.Verdict.String()}
			}
		}
	}
	switch {
	case c.Failure != nil:
		c.Failure.Data = strings.Join(fails, "\n")
	case len(known) > 0:
		c.Skipped = &junit.Result{Message: strings.Join(known, "; ")}
	case row.Verdict == result.Untested:
		c.Skipped = &junit.Result{Message: "nothing was tested"}
	}
	return c
}

// comparisonJUnit writes a suite for each result and a test case for each check of the gate.
func comparisonJUnit(c *gate.Comparison, _ Options) ([]byte, error) {
	c = cleaned(c)
	all := junit.Testsuites{Name: "racebench gate"}
	p := newPainter(Options{})
	for _, r := range c.Results {
		class := r.Target + "/" + r.Variant
		s := junit.Testsuite{Name: r.Name(), Time: "0.000"}
		if r.Verdict == result.Untested {
			s.AddTestcase(junit.Testcase{Name: "tested", Classname: class, Error: &junit.Result{Message: "nothing was tested", Type: "untested"}})
		}
		for _, line := range p.checksOf(r) {
			test := junit.Testcase{Name: line.name, Classname: class}
			text := strings.Join(strings.Fields(strings.Join([]string{"base", line.base, "head", line.head, line.change, line.state, line.remark, line.chance}, " ")), " ")
			switch {
			case line.fails:
				test.Failure = &junit.Result{Message: text, Type: line.state}
			case line.open:
				test.Skipped = &junit.Result{Message: text}
			}
			s.AddTestcase(test)
		}
		all.AddSuite(s)
	}
	return encodeJUnit(all)
}

// encodeJUnit writes the document.
func encodeJUnit(all junit.Testsuites) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(&b)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return nil, fmt.Errorf("encode JUnit: %w", err)
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}
