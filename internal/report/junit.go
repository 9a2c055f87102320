package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/gate"
)

// The elements of JUnit's XML that every reader knows.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Time     string       `xml:"time,attr,omitempty"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Timestamp  string          `xml:"timestamp,attr,omitempty"`
		Properties []junitProperty `xml:"properties>property,omitempty"`
		Cases      []junitCase     `xml:"testcase"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name    string    `xml:"name,attr"`
		Class   string    `xml:"classname,attr"`
		Skipped *junitWhy `xml:"skipped"`
		Error   *junitWhy `xml:"error"`
		Failure *junitWhy `xml:"failure"`
	}
	junitWhy struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// renderJUnit writes a suite for each result and a test case for each invariant and threshold. What fails
// is a failure, what tested nothing an error, and what known: lists is skipped with its reason.
func renderJUnit(r *result.Report, _ Options) ([]byte, error) {
	r = cleaned(r)
	all := junitSuites{Name: "racebench", Time: fmt.Sprintf("%.3f", float64(r.ElapsedNS)/1e9)}
	for _, row := range r.Results {
		all.Suites = append(all.Suites, suiteOf(row, r))
	}
	return all.encode()
}

func suiteOf(row result.Row, r *result.Report) junitSuite {
	class := nameOf(row)
	s := junitSuite{Name: row.Scenario + " " + class, Properties: []junitProperty{
		{"seed", row.Seed}, {"engine", row.Engine}, {"scenario_hash", row.ScenarioHash}, {"verdict", row.Verdict.String()},
		{"trials", fmt.Sprint(row.Trials.Run)},
	}}
	if row.Owner != "" {
		s.Properties = append(s.Properties, junitProperty{"owner", row.Owner})
	}
	if !r.Started.IsZero() {
		s.Timestamp = r.Started.UTC().Format("2006-01-02T15:04:05")
	}
	if row.Verdict == result.Untested {
		s.Cases = append(s.Cases, junitCase{Name: "tested", Class: class, Error: &junitWhy{
			Message: "nothing was tested", Type: "untested", Text: strings.Join(untestedBecause(row), "\n"),
		}})
	}
	for _, name := range row.Tried() {
		s.Cases = append(s.Cases, invariantCase(row, name, class, r))
	}
	for _, t := range row.Thresholds {
		c := junitCase{Name: t.Expr, Class: class}
		switch {
		case t.Value == nil:
			c.Error = &junitWhy{Message: "nothing was measured", Type: "untested"}
		case !t.Holds:
			c.Failure = &junitWhy{Message: t.Expr + " does not hold: " + measured(t), Type: "missed"}
		}
		s.Cases = append(s.Cases, c)
	}
	if row.Verdict == result.Missed && !missesThreshold(row) {
		s.Cases = append(s.Cases, junitCase{Name: "planted breaches show", Class: class, Failure: &junitWhy{
			Message: "a planted breach did not show: the check is blind", Type: "missed", Text: warningsOf(row),
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
func invariantCase(row result.Row, name, class string, r *result.Report) junitCase {
	c := junitCase{Name: name, Class: class}
	var fails, known []string
	for _, b := range row.Breaches {
		switch {
		case b.Invariant != name:
		case b.Known != "":
			known = append(known, fmt.Sprintf("%s in %s: %s", b.Class, ofRuns(row, b.Trials), b.Known))
		default:
			fails = append(fails, fmt.Sprintf("%s in %s: %s", b.Class, ofRuns(row, b.Trials), b.Summary))
			fails = append(fails, b.First.Evidence...)
			fails = append(fails, "seed "+b.First.Seed)
			if again := ReplayCommand(r, row, b.First.Dir); again != "" {
				fails = append(fails, "again: "+again)
			}
			if c.Failure == nil {
				c.Failure = &junitWhy{Message: headline(row, b), Type: b.Verdict.String()}
			}
		}
	}
	switch {
	case c.Failure != nil:
		c.Failure.Text = strings.Join(fails, "\n")
	case len(known) > 0:
		c.Skipped = &junitWhy{Message: strings.Join(known, "; ")}
	case row.Verdict == result.Untested:
		c.Skipped = &junitWhy{Message: "nothing was tested"}
	}
	return c
}

// comparisonJUnit writes a suite for each result and a test case for each check of the gate.
func comparisonJUnit(c *gate.Comparison, _ Options) ([]byte, error) {
	c = cleaned(c)
	all := junitSuites{Name: "racebench gate"}
	p := newPainter(Options{})
	for _, r := range c.Results {
		class := r.Target + "/" + r.Variant
		s := junitSuite{Name: r.Name()}
		if r.Verdict == result.Untested {
			s.Cases = append(s.Cases, junitCase{Name: "tested", Class: class, Error: &junitWhy{Message: "nothing was tested", Type: "untested"}})
		}
		for _, line := range p.checksOf(r) {
			test := junitCase{Name: line.name, Class: class}
			text := strings.Join(strings.Fields(strings.Join([]string{"base", line.base, "head", line.head, line.change, line.state, line.remark, line.chance}, " ")), " ")
			switch {
			case line.fails:
				test.Failure = &junitWhy{Message: text, Type: line.state}
			case line.open:
				test.Skipped = &junitWhy{Message: text}
			}
			s.Cases = append(s.Cases, test)
		}
		all.Suites = append(all.Suites, s)
	}
	return all.encode()
}

// encode counts and writes the document.
func (all junitSuites) encode() ([]byte, error) {
	for i := range all.Suites {
		s := &all.Suites[i]
		for _, c := range s.Cases {
			s.Tests++
			switch {
			case c.Failure != nil:
				s.Failures++
			case c.Error != nil:
				s.Errors++
			case c.Skipped != nil:
				s.Skipped++
			}
		}
		all.Tests, all.Failures, all.Errors = all.Tests+s.Tests, all.Failures+s.Failures, all.Errors+s.Errors
	}
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
