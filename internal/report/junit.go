package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/racebench/racebench/engine/result"
)

// renderJUnit writes a suite for each result and a test case for each invariant and threshold. Findings are
// failures, untested results are errors, and breaches that known: lists are skipped with their reason.
func renderJUnit(r *result.Report, _ Options) ([]byte, error) {
	r = cleaned(r)
	all := junit.Testsuites{Name: "racebench", Time: seconds(r.ElapsedNS)}
	for _, row := range r.Results {
		all.AddSuite(suiteOf(row, r))
	}
	return encodeJUnit(all)
}

func suiteOf(row result.Row, r *result.Report) junit.Testsuite {
	class := nameOf(row)
	s := junit.Testsuite{Name: row.Scenario + " " + class, Time: seconds(tookNS(row))}
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
	s.AddTestcase(testedCase(row, class))
	for _, name := range row.Invariants {
		s.AddTestcase(invariantCase(row, name, class, r))
	}
	for _, t := range row.Thresholds {
		c := junit.Testcase{Name: t.Expr, Classname: class, Time: seconds(0)}
		switch {
		case t.Value == nil:
			c.Error = &junit.Result{Message: "nothing was measured", Type: "untested"}
		case !t.Holds:
			c.Failure = &junit.Result{Message: t.Expr + " does not hold: " + measured(t), Type: "missed"}
		}
		s.AddTestcase(c)
	}
	if row.Verdict == result.Missed && !missesThreshold(row) {
		s.AddTestcase(junit.Testcase{Name: "planted breaches show", Classname: class, Time: seconds(0), Failure: &junit.Result{
			Message: "a planted breach did not show: the check is blind", Type: "missed", Data: warningsOf(row),
		}})
	}
	return s
}

// testedCase stands for the trials themselves, and takes their time: the other cases are judged from what they left.
func testedCase(row result.Row, class string) junit.Testcase {
	c := junit.Testcase{Name: "tested", Classname: class, Time: seconds(tookNS(row))}
	if row.Verdict == result.Untested {
		c.Error = &junit.Result{Message: "nothing was tested", Type: "untested", Data: strings.Join(untestedBecause(row), "\n")}
	}
	return c
}

// tookNS is how long the trials of a result took, from the begin of each until its server had ended; those of a
// simulated world took together what is stored.
func tookNS(row result.Row) int64 {
	if row.ElapsedNS > 0 {
		return row.ElapsedNS
	}
	var n int64
	for _, t := range row.PerTrial {
		n += t.StruckNS + t.DrainNS
	}
	return n
}

func seconds(ns int64) string { return fmt.Sprintf("%.3f", float64(ns)/1e9) }

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
	c := junit.Testcase{Name: name, Classname: class, Time: seconds(0)}
	var fails, known []string
	for _, b := range row.Breaches {
		switch {
		case b.Invariant != name:
		case b.Known != "":
			known = append(known, fmt.Sprintf("%s in %s: %s", b.Class, shownIn(row, b), b.Known))
		default:
			fails = append(fails, fmt.Sprintf("%s in %s: %s", b.Class, shownIn(row, b), b.Summary))
			fails = append(fails, exampleOf(b.First)...)
			if fix := adviceFor(row, b); fix != "" {
				fails = append(fails, "fix first: "+fix)
			}
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
	case unjudged(row.Trials.Run, row.Trials.Hung):
		c.Skipped = &junit.Result{Message: "not judged"}
	case row.Verdict == result.Untested, !slices.Contains(row.Tried(), name):
		c.Skipped = &junit.Result{Message: "nothing was tested"}
	}
	return c
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
