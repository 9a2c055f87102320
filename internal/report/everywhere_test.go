package report

import (
	"encoding/xml"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/gate"
	"github.com/racebench/racebench/scenario"
)

// lossRow is of an external program that lost requests in four of five trials.
func lossRow() result.Row {
	row := row("server", result.Breached, result.Counts{Planned: 5, Run: 5, Passed: 1, Breached: 4})
	row.Target, row.File, row.Line = scenario.External, ".racebench/web.yaml", 3
	row.Scenario = "web"
	row.Invariants = []string{"every-request-answered", "drain-ends", "clean-exit", "acked-survives-restart"}
	row.Promises = map[string]int{"every-request-answered": 17}
	row.Breaches = []result.RowBreach{{
		Invariant: "every-request-answered", Class: "every-request-answered/request-read/connection-closed", Verdict: result.Breached, Trials: 4, Count: 10, Of: 11,
		Summary: "10 of 11 requests that the server had read before the signal got no answer",
		First:   result.FirstTrial{Trial: 2, Seed: "9", Dir: "racebench-runs/x/trials/000002", Evidence: []string{"one of 3: a request of home-3", "      +1.00 ms  pid 7         printed: bye"}},
	}}
	row.Warnings = []result.RowWarning{
		{Invariant: "clean-exit", Class: "clean-exit/program/status-1", Trials: 3, Count: 3, Summary: "the program exited with status 1"},
		{Invariant: "preopened-answered", Class: "preopened-answered/first-request/eof", Trials: 3, Count: 3, Summary: "3 of 4 connections got no answer"},
	}
	row.PerTrial = []result.RowTrial{{Trial: 0, StruckNS: 300 * ms, DrainNS: 50 * ms}, {Trial: 1, StruckNS: 500 * ms, DrainNS: 150 * ms}}
	return row
}

// cleanTwin is the same program without the fault.
func cleanTwin() result.Row {
	row := lossRow()
	row.Verdict, row.Trials, row.Breaches = result.Passed, result.Counts{Planned: 5, Run: 5, Passed: 5}, nil
	row.Warnings = row.Warnings[1:]
	return row
}

const fixOfLoss = "close only idle ones"

// TestTheSentenceAndTheFixAreInEveryOutput renders a run and a gate of the same loss in every format for people.
func TestTheSentenceAndTheFixAreInEveryOutput(t *testing.T) {
	run, base := reportOf(lossRow()), reportOf(cleanTwin())
	c := gate.Compare(base, run, gate.Options{Base: "base", Head: "head", Interleaved: true})
	outputs := map[string]string{}
	for _, format := range []string{"text", "markdown", "junit", "github", "html"} {
		outputs["run, "+format] = render(t, format, run, Options{Width: 2000})
	}
	for _, format := range []string{"text", "markdown", "junit", "github"} {
		outputs["gate, "+format] = renderComparison(t, format, c, Options{Width: 2000})
	}
	for name, text := range outputs {
		for _, want := range []string{"10 of 11 requests that the server had read before the signal got no answer", fixOfLoss, "racebench replay racebench-runs/x/trials/000002"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: it does not say %q:\n%s", name, want, text)
			}
		}
	}
	for _, format := range []string{"markdown", "junit", "github", "html"} {
		if text := render(t, format, base, Options{}); strings.Contains(text, fixOfLoss) {
			t.Errorf("%s of a program that lost nothing says what to fix:\n%s", format, text)
		}
	}
}

// TestAnnotationsPointAtThePromise, or at the project's file that a stack names, and never at another's.
func TestAnnotationsPointAtThePromise(t *testing.T) {
	for line, want := range map[string]string{
		"+1.00 ms  pid 7  printed: bye":                                                "file=.racebench/web.yaml,line=17,",
		"printed: panic: send on closed channel at /src/app/web/server.go:42 +0x1d":    "file=web/server.go,line=42,",
		`printed:   File "/src/app/server.py", line 12, in serve`:                      "file=server.py,line=12,",
		"printed: at handler (/src/app/node/server.js:7:11)":                           "file=node/server.js,line=7,",
		"printed: /usr/lib/go/src/net/http/server.go:1954 and /src/application/x.go:3": "file=.racebench/web.yaml,line=17,",
	} {
		r := lossRow()
		r.Breaches[0].First.Evidence = []string{line}
		run := reportOf(r)
		gated := gate.Compare(reportOf(cleanTwin()), run, gate.Options{Interleaved: true})
		for name, text := range map[string]string{
			"run": render(t, "github", run, Options{Root: "/src/app"}), "gate": renderComparison(t, "github", gated, Options{Root: "/src/app"}),
		} {
			if !strings.Contains(text, "::error "+want) {
				t.Errorf("%s of %q: want %s in\n%s", name, line, want, text)
			}
		}
	}
}

// TestWhatBaseAndHeadShareIsNotAnnotated: a breach and a warning that the base has are not the change's.
func TestWhatBaseAndHeadShareIsNotAnnotated(t *testing.T) {
	same := gate.Compare(reportOf(lossRow()), reportOf(lossRow()), gate.Options{Interleaved: true})
	if text := renderComparison(t, "github", same, Options{}); strings.Contains(text, "::") {
		t.Errorf("nothing differs, and it annotates\n%s", text)
	}
	worse := gate.Compare(reportOf(cleanTwin()), reportOf(lossRow()), gate.Options{Interleaved: true})
	text := renderComparison(t, "github", worse, Options{})
	if strings.Count(text, "::error ") != 1 || strings.Count(text, "::warning ") != 1 || !strings.Contains(text, "status 1") || strings.Contains(text, "3 of 4 connections") {
		t.Errorf("one breach and one warning are new:\n%s", text)
	}
	r := lossRow()
	r.Thresholds = []result.Threshold{{Expr: "p99(home) < 25ms", Unit: "ns", Value: ptr(26e6), Line: 21}}
	r.Verdict, r.Breaches = result.Missed, nil
	text = renderComparison(t, "github", gate.Compare(reportOf(cleanTwin()), reportOf(r), gate.Options{Interleaved: true}), Options{})
	if !strings.Contains(text, "::error file=.racebench/web.yaml,line=21,") {
		t.Errorf("the threshold's line is not named:\n%s", text)
	}
}

// TestJUnitNamesAreStable compares the cases of a gate that fails, one that passes and one that tested nothing.
func TestJUnitNamesAreStable(t *testing.T) {
	untested := cleanTwin()
	untested.Verdict, untested.Trials, untested.PerTrial = result.Untested, result.Counts{Planned: 5, Void: 5}, nil
	var first []string
	for name, head := range map[string]result.Row{"breached": lossRow(), "clean": cleanTwin(), "untested": untested} {
		head.Crossed = []result.Crossed{{Kind: "unread-fresh-eof", Count: 3, Of: 9}}
		for which, text := range map[string]string{
			"gate": renderComparison(t, "junit", gate.Compare(reportOf(cleanTwin()), reportOf(head), gate.Options{Interleaved: true}), Options{}),
			"run":  render(t, "junit", reportOf(head), Options{}),
		} {
			var got junit.Testsuites
			if err := xml.Unmarshal([]byte(text), &got); err != nil || len(got.Suites) != 1 {
				t.Fatalf("%v:\n%s", err, text)
			}
			var names []string
			for _, c := range got.Suites[0].Testcases {
				names = append(names, c.Name)
				if !regexp.MustCompile(`^\d+\.\d{3}$`).MatchString(c.Time) {
					t.Errorf("%s, %s: case %s took %q", name, which, c.Name, c.Time)
				}
			}
			if first == nil {
				first = names
			}
			if !slices.Equal(names, first) || !slices.Contains(names, "every-request-answered") || slices.ContainsFunc(names, func(n string) bool { return strings.Contains(n, "crossed") }) {
				t.Errorf("%s, %s: the cases are %q, and of another result %q", name, which, names, first)
			}
			if want := map[bool]string{true: "0.000", false: "1.000"}[name == "untested"]; got.Suites[0].Time != want || got.Suites[0].Testcases[0].Time != want {
				t.Errorf("%s, %s: it took %q, want %s", name, which, got.Suites[0].Time, want)
			}
		}
	}
}

// TestTheTableCountsWhatTheSentencesCount: a loss that only warns is in the JSON's at_risk, and not in LOST.
func TestTheTableCountsWhatTheSentencesCount(t *testing.T) {
	r := lossRow()
	r.AtRisk = []result.RowRisk{{Kind: "request-read", Count: 55, Lost: 54, Trials: 5}, {Kind: "preopened", Count: 2, Lost: 2, Trials: 2}}
	if lost, risk := lostCell(r), riskCell(r); lost != "54" || risk != "55" {
		t.Errorf("%s of %s, where the sentence counts 54 of 55 requests", lost, risk)
	}
	if text := render(t, "markdown", reportOf(r), Options{}); !strings.Contains(text, "| 54 | 55 |") {
		t.Errorf("the table counts otherwise:\n%s", text)
	}
	if text := render(t, "json", reportOf(r), Options{}); !regexp.MustCompile(`"kind": "preopened",\s+"count": 2,\s+"lost": 2`).MatchString(text) {
		t.Errorf("the JSON lacks what is lost with a warning:\n%s", text)
	}
	r.Breaches = append(r.Breaches, result.RowBreach{Invariant: "preopened-answered", Class: "preopened-answered/first-request/eof", Trials: 2, Count: 2})
	if lost, risk := lostCell(r), riskCell(r); lost != "56" || risk != "57" {
		t.Errorf("%s of %s, where expect makes a breach of both", lost, risk)
	}
}

// TestNothingIsOKWhereTheProgramHung: what a program has that has not ended, it may still lose.
func TestNothingIsOKWhereTheProgramHung(t *testing.T) {
	for _, hung := range []int{0, 2, 5} {
		r := cleanTwin()
		r.AtRisk = []result.RowRisk{{Kind: "request-read", Count: 9, Trials: 5}}
		r.Trials = result.Counts{Planned: 5, Run: 5, Passed: 5 - hung, Hung: hung}
		if hung > 0 {
			r.Verdict = result.Hung
			r.Breaches = []result.RowBreach{{Invariant: "drain-ends", Class: "drain-ends/program/stuck", Verdict: result.Hung, Trials: hung, Count: int64(hung), Summary: "it was still running"}}
		}
		text := render(t, "text", reportOf(r), Options{Width: 160})
		ok := regexp.MustCompile(`request read by the server +9 +\S+ +\S+ +ok\n`).MatchString(text)
		page := render(t, "html", reportOf(r), Options{})
		held := strings.Contains(page, ">held<")
		both := renderComparison(t, "text", gate.Compare(reportOf(cleanTwin()), reportOf(r), gate.Options{Interleaved: true}), Options{Width: 160, Verbose: true})
		heldBoth := regexp.MustCompile(`invariants? +held +held\n`).MatchString(both)
		if want := hung == 0; ok != want || held != (hung < 5) || heldBoth != want {
			t.Errorf("%d of 5 hung: ok %v, held %v, held in a gate %v\n%s\n%s", hung, ok, held, heldBoth, text, both)
		}
	}
}

// TestNoGateSaysHeldOfASideThatHung, nor of one that was not tested: in the table, below it, and in JUnit.
func TestNoGateSaysHeldOfASideThatHung(t *testing.T) {
	side := func(hung int, untested bool) *result.Report {
		r := cleanTwin()
		r.Trials.Passed, r.Trials.Hung = 5-hung, hung
		if hung > 0 {
			r.Verdict = result.Hung
			r.Breaches = []result.RowBreach{{Invariant: "drain-ends", Class: "drain-ends/program/stuck", Verdict: result.Hung, Trials: hung, Count: int64(hung), Summary: "it was still running"}}
		}
		if untested {
			r.Verdict = result.Untested
		}
		return reportOf(r)
	}
	ok, some, all, void := side(0, false), side(2, false), side(5, false), side(0, true)
	const names = "  held      every-request-answered, clean-exit"
	for what, c := range map[string]struct {
		base, head *result.Report
		cells      string
		aside      string // empty where nothing is to be named
		cases      string // of JUnit, for every-request-answered
	}{
		"some of the head hung": {ok, some, "held held 3/5", names + " (in trials that ended)\n", ""},
		"some of the base hung": {some, ok, "held 3/5 held", names + " (in trials that ended)\n", ""},
		"all of the head hung":  {ok, all, "held not judged", "", "not judged"},
		"all of the base hung":  {all, ok, "not judged held", names + " (in the head; the base cannot say)\n", ""},
		"all of both hung":      {all, all, "not judged not judged", "", "not judged"},
		"the head is untested":  {all, void, "not judged untested", "", "nothing was tested"},
		"the base is untested":  {void, some, "untested held 3/5", names + " (in the head; the base cannot say)\n", ""},
	} {
		compared := gate.Compare(c.base, c.head, gate.Options{Interleaved: true})
		text := renderComparison(t, "text", compared, Options{Width: 160, Verbose: true})
		if !strings.Contains(strings.Join(strings.Fields(text), " "), " invariants "+c.cells+" ") {
			t.Errorf("%s: the table does not say %q\n%s", what, c.cells, text)
		}
		if strings.Contains(text, "\n  held ") != (c.aside != "") || !strings.Contains(text, c.aside) {
			t.Errorf("%s: below the table is not %q\n%s", what, c.aside, text)
		}
		if got := skippedBecause(t, renderComparison(t, "junit", compared, Options{}), "every-request-answered"); got != c.cases {
			t.Errorf("%s: the gate's case is skipped for %q, not %q", what, got, c.cases)
		}
		if got := skippedBecause(t, render(t, "junit", c.head, Options{}), "every-request-answered"); got != c.cases {
			t.Errorf("%s: the run's case is skipped for %q, not %q", what, got, c.cases)
		}
	}
}

// skippedBecause is why a case of a JUnit document is skipped; "" of one that ran.
func skippedBecause(t *testing.T, text, name string) string {
	t.Helper()
	var all junit.Testsuites
	if err := xml.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	for _, c := range all.Suites[0].Testcases {
		if c.Name == name && c.Skipped != nil {
			return c.Skipped.Message
		}
	}
	return ""
}

// TestAPassNamesItsInvariants, in a run and in a gate.
func TestAPassNamesItsInvariants(t *testing.T) {
	clean := reportOf(cleanTwin())
	for name, text := range map[string]string{
		"run":  render(t, "text", clean, Options{Width: 200}),
		"gate": renderComparison(t, "text", gate.Compare(clean, clean, gate.Options{Interleaved: true}), Options{Width: 200, Verbose: true}),
	} {
		if !strings.Contains(text, "  held      every-request-answered, drain-ends, clean-exit\n") {
			t.Errorf("%s names no invariant:\n%s", name, text)
		}
	}
}

// TestAnExampleSaysOfWhatItIsOne: the number of one trial is not that of the sentence, which counts all.
func TestAnExampleSaysOfWhatItIsOne(t *testing.T) {
	run := reportOf(lossRow())
	c := gate.Compare(reportOf(cleanTwin()), run, gate.Options{Interleaved: true})
	for _, format := range []string{"text", "markdown", "junit", "html"} {
		if text := render(t, format, run, Options{}); !strings.Contains(text, "one of 3 in this trial: a request") {
			t.Errorf("%s of a run:\n%s", format, text)
		}
	}
	for _, format := range []string{"text", "markdown", "junit"} {
		if text := renderComparison(t, format, c, Options{}); !strings.Contains(text, "one of 3 in this trial: a request") {
			t.Errorf("%s of a gate:\n%s", format, text)
		}
	}
}

// TestColumnsOfAGateStay whatever a result has to say.
func TestColumnsOfAGateStay(t *testing.T) {
	clean := reportOf(cleanTwin())
	text := renderComparison(t, "text", gate.Compare(clean, clean, gate.Options{Interleaved: true}), Options{Width: 200, Verbose: true})
	if !regexp.MustCompile(`CHECK +BASE +HEAD +CHANGE +RESULT +REMARK +CHANCE +NOISE\n`).MatchString(text) {
		t.Errorf("a column is missing:\n%s", text)
	}
}

// TestAProbeThatWasCutShortSaysOfHowMany trials it ran so few; one that ran all it had planned says only how many.
func TestAProbeThatWasCutShortSaysOfHowMany(t *testing.T) {
	r := cleanTwin()
	r.Trials, r.EndedEarly = result.Counts{Planned: 10, Run: 6, Passed: 6}, "for"
	if text := render(t, "text", reportOf(r), Options{Width: 200}); !strings.Contains(text, "6 of 10 trials planned") {
		t.Errorf("it was cut short:\n%s", text)
	}
	r.Trials, r.EndedEarly = result.Counts{Planned: 6, Run: 6, Passed: 6}, ""
	if text := render(t, "text", reportOf(r), Options{Width: 200}); strings.Contains(text, "planned") {
		t.Errorf("it ran all:\n%s", text)
	}
}
