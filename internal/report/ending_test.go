package report

import (
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
)

// reportOf returns a report of one row.
func reportOf(row result.Row) *result.Report {
	r := sample()
	r.Results, r.Verdict = []result.Row{row}, row.Verdict
	return r
}

func TestInterruptedComesFirst(t *testing.T) {
	row := passedRow()
	row.Trials = result.Counts{Planned: 20, Run: 5, Passed: 5, Void: 1}
	row.Verdict = result.Untested
	text := render(t, "text", reportOf(row), Options{CutShort: true})
	if !strings.HasPrefix(text, "INTERRUPTED after 6 of 20 trials:") {
		t.Errorf("the report begins with %q", strings.SplitN(text, "\n", 2)[0])
	}
	if strings.Contains(text, "5/5") {
		t.Errorf("an untested result counts trials as passed:\n%s", text)
	}
	if whole := render(t, "text", reportOf(passedRow()), Options{}); strings.Contains(whole, "INTERRUPTED") || !strings.Contains(whole, "/") {
		t.Errorf("a whole run is told as\n%s", whole)
	}
}

// TestEndingCountsWhatRan tells two scenarios of one server from two designs in one scenario.
func TestEndingCountsWhatRan(t *testing.T) {
	for second, want := range map[string]string{"": "all 2 variants kept", "web": "all 2 scenarios kept"} {
		other := passedRow()
		if second != "" {
			other.Scenario = second
		}
		r := reportOf(passedRow())
		r.Results = append(r.Results, other)
		if text := render(t, "text", r, Options{}); !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestStoredSaysWhatIsThere(t *testing.T) {
	for _, row := range []struct {
		of   result.Row
		o    Options
		want string
	}{
		{passedRow(), Options{Dir: "runs"}, "runs/latest: result.json, and the trials that were kept"},
		{passedRow(), Options{Dir: "runs", NoTrials: true}, "runs/latest: result.json; no trials kept: nothing failed\n"},
		{knownRow(), Options{Dir: "runs", NoTrials: true}, "runs/latest: result.json; no trials kept\n"},
	} {
		if text := render(t, "text", reportOf(row.of), row.o); !strings.Contains(text, row.want) {
			t.Errorf("%q is not in\n%s", row.want, text)
		}
	}
}

func TestWorkedStandsForTheVerdict(t *testing.T) {
	text := render(t, "text", sample(), Options{Worked: "it did what it was to do"})
	if !strings.Contains(text, "\nWORKED    it did what it was to do\n") || strings.Contains(text, "\n  next ") {
		t.Errorf("the report ends otherwise:\n%s", text)
	}
}

func TestNextCanBePasted(t *testing.T) {
	for _, row := range []struct {
		command []string
		want    string
	}{
		{[]string{"racebench", "run", "broker"}, "racebench run broker --trials 299"},
		{[]string{"bin/racebench", "run", "broker", "--trials", "20"}, "bin/racebench run broker --trials 299"},
		{[]string{"racebench", "run", "--trials=20", "broker"}, "racebench run broker --trials 299"},
		{[]string{"racebench", "run", "--for", "5s", "a b.yaml"}, "racebench run 'a b.yaml' --trials 299"},
		{[]string{"racebench", "run", "--json", "--", "--trials"}, "racebench run --json --trials 299 -- --trials"},
	} {
		r := reportOf(passedRow())
		r.Results[0].RulesOut = 0.4
		r.Command = row.command
		if text := render(t, "text", r, Options{Width: 200}); !strings.Contains(text, "next      "+row.want+"  #") {
			t.Errorf("%q is not in\n%s", row.want, text)
		}
	}
}

func TestIdleUnderAPolicy(t *testing.T) {
	row := untestedRow()
	row.Void, row.Thresholds, row.AtRisk = nil, nil, []result.RowRisk{{Kind: "queued"}}
	row.Trials = result.Counts{Planned: 5, Run: 5, Passed: 5}
	if text := render(t, "text", reportOf(row), Options{}); !strings.Contains(text, "more clients") {
		t.Errorf("nothing was dropped:\n%s", text)
	}
	row.Policy = 12
	if text := render(t, "text", reportOf(row), Options{}); !strings.Contains(text, "try       knobs: {policy: block}") || strings.Contains(text, "more clients") {
		t.Errorf("the policy had dropped messages:\n%s", text)
	}
}

// Designs that share a bug share its story: it is told once.
func TestTheSameStoryIsToldOnce(t *testing.T) {
	r := reportOf(hungRow())
	twin, other := hungRow(), hungRow()
	twin.Variant, other.Variant = "close-twice", "close-late"
	twin.Breaches[0].Class, other.Breaches[0].First.Evidence = "drain-ends/writer/join", []string{"another story"}
	r.Results = append(r.Results, twin, other)
	text := render(t, "text", r, Options{Width: 120})
	if n := strings.Count(text, "who waits for what, 10s after the signal:"); n != 1 {
		t.Errorf("told %d times:\n%s", n, text)
	}
	for _, want := range []string{"the same story as broker/close-merged, class drain-ends/reader/receive-merged-queues, above", "another story"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing:\n%s", want, text)
		}
	}
}

// Every format that people read tells how to run a kept trial again in words that can be pasted: racebench
// as it was called, and the trial's path.
func TestReplayIsCalledAsTheRunWas(t *testing.T) {
	r := sample()
	for _, called := range []string{"bin/racebench", "go run ./cmd/racebench"} {
		r.Command[0] = called
		for _, format := range []string{"text", "markdown", "github", "junit", "html"} {
			if text := render(t, format, r, Options{Width: 160}); !strings.Contains(text, called+" replay racebench-runs/20261202-093000/trials/000007") {
				t.Errorf("%s: replay is not called as the run was, %s:\n%s", format, called, text)
			}
		}
	}
}

// The outermost pieces of a timeline hold all that lies beyond them: no point of a rate is drawn from them.
func TestOutermostPiecesAreNotDrawn(t *testing.T) {
	row := breachedRow()
	row.Timeline = &result.RowTimeline{WidthNS: ms, Ticks: []result.Tick{
		{At: -result.Reach, Trials: 1, Accepted: 9999}, {At: -1, Trials: 1, Accepted: 7}, {At: 0, Trials: 1, Accepted: 5},
		{At: result.Reach - 1, Trials: 1, Refused: 9999},
	}}
	if text := render(t, "html", reportOf(row), Options{}); strings.Contains(text, "9999000") || !strings.Contains(text, ">7000<") {
		t.Error("a rate is that of all that lies beyond")
	}
}
