package report

import (
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/result/void"
	"github.com/racebench/racebench/scenario"
)

// TestAdviceIsInTheCallersWords gives a probe advice with its own flags, and a scenario with its fields.
func TestAdviceIsInTheCallersWords(t *testing.T) {
	idle := passedRow()
	idle.Target, idle.Verdict, idle.AtRisk, idle.Thresholds = scenario.External, result.Untested, []result.RowRisk{{Kind: "preopened", Count: 4, Lost: 4}}, nil
	idle.Policy, idle.Void = 0, nil
	late := idle
	late.Trials = result.Counts{Planned: 5, Void: 1}
	late.Void = []result.VoidReason{{Reason: "the signal never struck", Code: void.NeverStruck, Trials: 1}}
	absent := late
	absent.Void = []result.VoidReason{{Reason: "the target did not start: the program cannot be started: external.command: ./x: no such file", Code: void.CannotRun, Trials: 1}}
	for _, tc := range []struct {
		row           result.Row
		command       string
		want, without string
	}{
		{idle, "probe", "--path /slow", "clients:"},
		{idle, "run", "path: /slow", "--path"},
		{late, "probe", "--ready", "duration:"},
		{late, "run", "duration:", "--ready"},
		{absent, "run", "external.command: ./x", "by hand"},
	} {
		r := reportOf(tc.row)
		r.Command = []string{"racebench", tc.command}
		text := render(t, "text", r, Options{Width: 200})
		if !strings.Contains(text, tc.want) || strings.Contains(text, tc.without) {
			t.Errorf("%s: want %q and no %q in\n%s", tc.command, tc.want, tc.without, text)
		}
	}
}

// TestPassCountsTheTrialsThatProve leaves those out of the rate in which nothing was at risk, and a warning has
// its remedy.
func TestPassCountsTheTrialsThatProve(t *testing.T) {
	row := passedRow()
	row.Target, row.Trials = scenario.External, result.Counts{Planned: 5, Run: 5, Passed: 5}
	row.AtRisk = []result.RowRisk{{Kind: "request-read", Count: 3, Trials: 2}, {Kind: "preopened", Count: 10, Trials: 5}}
	row.RulesOut = result.RulesOut(2)
	row.Warnings = []result.RowWarning{{Invariant: "preopened-answered", Class: "preopened-answered/first-request/eof", Trials: 5, Summary: "10 of 10"}}
	text := render(t, "text", reportOf(row), Options{Width: 200})
	for _, want := range []string{"2 clean trials with work at risk: ", "lame duck", "10 of 10, in 5 of 5 trials", "fix first A server that stops at once"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

// TestAWarningOfABreachsClassHasItsAdvice gives what is too little for a breach the advice of one, and no second "fix
// first" where there is a breach.
func TestAWarningOfABreachsClassHasItsAdvice(t *testing.T) {
	row := passedRow()
	row.Target, row.Trials = scenario.External, result.Counts{Planned: 5, Run: 5, Passed: 5}
	row.Warnings = []result.RowWarning{{Invariant: "every-request-answered", Class: "every-request-answered/answered-badly/500", Trials: 1, Count: 1, Of: 9, Summary: "1 of 9 requests"}}
	if text := render(t, "text", reportOf(row), Options{Width: 400}); !strings.Contains(text, "fix first A request in flight fails") {
		t.Errorf("the warning has no advice:\n%s", text)
	}
	row.Verdict, row.Trials = result.Hung, result.Counts{Planned: 5, Run: 5, Hung: 5}
	row.Breaches = []result.RowBreach{{Invariant: "drain-ends", Class: "drain-ends/program/stuck", Verdict: result.Hung, Trials: 5, Count: 5, Summary: "the program was still running"}}
	if text := render(t, "text", reportOf(row), Options{Width: 400}); strings.Count(text, "fix first") != 1 {
		t.Errorf("there is not one thing to fix first:\n%s", text)
	}
}

// TestNoStacksWhereNoneWereAsked sends nobody to stderr.txt for a program that racebench did not start.
func TestNoStacksWhereNoneWereAsked(t *testing.T) {
	for variant, stacks := range map[string]bool{"sh": true, "attached": false} {
		row := passedRow()
		row.Variant = variant
		row.Target, row.Verdict, row.Trials = scenario.External, result.Hung, result.Counts{Planned: 1, Run: 1, Hung: 1}
		row.Breaches = []result.RowBreach{{Invariant: "drain-ends", Class: "drain-ends/program/stuck", Verdict: result.Hung, Trials: 1, Count: 1, Summary: "the program was still running 1s after the signal: it served nobody"}}
		text := render(t, "text", reportOf(row), Options{Width: 400})
		if !strings.Contains(text, "It has stopped serving and does not exit.") || strings.Contains(text, "stderr.txt") != stacks {
			t.Errorf("stacks %v:\n%s", stacks, text)
		}
	}
}

// TestNothingWrittenIsNotHeld praises no program for writes that nobody made.
func TestNothingWrittenIsNotHeld(t *testing.T) {
	for writes, want := range map[int64]int{0: 1, 7: 0} {
		row := passedRow()
		row.Target, row.Invariants = scenario.External, []string{"acked-survives-restart", "drain-ends"}
		row.AtRisk = []result.RowRisk{{Kind: "request-read", Count: 3, Trials: 2}, {Kind: "acknowledged-write", Count: writes, Trials: 2}}
		html := render(t, "html", reportOf(row), Options{})
		if n := strings.Count(html, ">not tested<"); n != want || strings.Contains(html, "0: not tested") != (writes == 0) {
			t.Errorf("%d writes: %d not tested\n%s", writes, n, html)
		}
		text := render(t, "text", reportOf(row), Options{})
		if strings.Contains(text, ": 1 invariant held") != (writes == 0) || strings.Contains(text, ": 2 invariants held") != (writes > 0) {
			t.Errorf("%d writes\n%s", writes, text)
		}
	}
}

// TestAnAttachedProgramIsNotStruckAgain names no replay of it, in any format, and no number of trials.
func TestAnAttachedProgramIsNotStruckAgain(t *testing.T) {
	for variant, again := range map[string]bool{"server": true, "attached": false} {
		passed, lost := passedRow(), passedRow()
		lost.Verdict, lost.Trials = result.Breached, result.Counts{Planned: 1, Run: 1, Breached: 1}
		lost.Breaches = []result.RowBreach{{Invariant: "every-request-answered", Class: "every-request-answered/request-read/exited", Verdict: result.Breached,
			Trials: 1, Count: 1, Summary: "1 of 1 requests", First: result.FirstTrial{Dir: "runs/x/trials/000002"}}}
		for _, row := range []*result.Row{&passed, &lost} {
			row.Target, row.Variant, row.Invariants = scenario.External, variant, []string{"every-request-answered"}
		}
		for _, format := range []string{"text", "markdown", "junit", "github", "html"} {
			text := render(t, format, reportOf(lost), Options{Width: 200})
			if strings.Contains(text, "racebench replay") != again {
				t.Errorf("%s of %s:\n%s", format, variant, text)
			}
		}
		if text := render(t, "text", reportOf(passed), Options{Width: 200}); strings.Contains(text, "--trials") != again {
			t.Errorf("%s:\n%s", variant, text)
		}
	}
}

// TestAdviceOnWords: what the program said itself goes before what its class suggests.
func TestAdviceOnWords(t *testing.T) {
	for _, tc := range []struct{ class, line, want string }{
		{"every-request-answered/request-read/connection-closed", "printed: http: panic serving 127.0.0.1:5000: send on closed channel", "A handler panics"},
		{"every-request-answered/request-read/connection-closed", "printed: query: context canceled", "cancels the context"},
		{"every-request-answered/request-read/connection-closed", "printed: bye", ""},
		{"drain-ends/program/still-accepts", "it ignores SIGTERM (SigIgn in /proc/7/status)", "It ignores the signal"},
		{"drain-ends/program/still-accepts", "it has a handler for SIGTERM", "It has a handler"},
		{"drain-ends/program/stuck", "it works without clients, and went on", "between two pieces of work"},
		{"drain-ends/program/websocket-open", "it waited for them", ""},
	} {
		b := result.RowBreach{Class: tc.class}
		b.First.Evidence = []string{"      +1.00 ms  pid 7         " + tc.line}
		if got := adviceOnWords(b); got == "" != (tc.want == "") || !strings.Contains(got, tc.want) {
			t.Errorf("%s, %s: %q, want %q", tc.class, tc.line, got, tc.want)
		}
	}
}
