package report

import (
	"regexp"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/result/void"
	"github.com/racebench/racebench/scenario"
)

// TestAdviceKnowsTheProgram: no program gets the words of another one's runtime, and where it is not known there are those
// of all.
func TestAdviceKnowsTheProgram(t *testing.T) {
	goWords := regexp.MustCompile(`\bGo\b|go run|net/http|Shutdown`)
	nodeWords := regexp.MustCompile(`(?i)\bnode\b|npm|server\.close`)
	for runtime, want := range map[string]struct{ goes, nodes bool }{"": {true, true}, "go": {true, false}, "node": {false, true}, "python": {}, "java": {}} {
		text := ""
		for _, class := range []string{"every-request-answered/request-read/exited", "no-orphan/program/left-running", "drain-ends/program/stuck", "every-request-answered/request-read/died-of-SIGTERM"} {
			r := lossRow()
			r.Runtime = runtime
			invariant, _, _ := strings.Cut(class, "/")
			r.Breaches = []result.RowBreach{{Invariant: invariant, Class: class, Trials: 1, Count: 1, Verdict: result.Breached}, {Invariant: "listener-closes", Class: "listener-closes/address/still-accepts"}}
			text += render(t, "text", reportOf(r), Options{Width: 400}) + adviceFor(r, r.Breaches[0])
		}
		if goes, nodes := goWords.MatchString(text), nodeWords.MatchString(text); goes != want.goes || nodes != want.nodes {
			t.Errorf("runtime %q: words of Go %v, of Node %v, want %+v\n%s", runtime, goes, nodes, want, text)
		}
		if !strings.Contains(text, "sh -c 'exec ./server'") || !strings.Contains(text, "the server's own stop has returned") || !strings.Contains(text, "A server that stops at once") {
			t.Errorf("runtime %q: what holds for all programs is missing\n%s", runtime, text)
		}
	}
}

// TestABusyMachineIsNamedFirst: before any advice on paths and flags, and on a quiet machine not at all.
func TestABusyMachineIsNamedFirst(t *testing.T) {
	first := func(late int64, reasons ...result.VoidReason) string {
		r := passedRow()
		r.Target, r.Verdict, r.Thresholds, r.Policy, r.Void = scenario.External, result.Untested, nil, 0, reasons
		r.AtRisk, r.Trials = []result.RowRisk{{Kind: "request-read"}}, result.Counts{Planned: 5, Run: 5, Passed: 5}
		r.SignalLateNS = late
		text := render(t, "text", reportOf(r), Options{Width: 300})
		_, text, _ = strings.Cut(text, "  try ")
		line, _, _ := strings.Cut(text, "\n")
		return line
	}
	const machine = "a machine that does nothing else"
	if got := first(900_000); strings.Contains(got, machine) || !strings.Contains(got, "path") {
		t.Errorf("on a quiet machine: %s", got)
	}
	if got := first(31_000_000); !strings.Contains(got, machine) || !strings.Contains(got, "31 ms after its moment") {
		t.Errorf("on a busy machine: %s", got)
	}
	if got := first(0, result.VoidReason{Code: void.Starved, Trials: 2, Reason: "starved"}); !strings.Contains(got, machine) {
		t.Errorf("where the load generator was starved: %s", got)
	}
}

// TestOnlyAPID1IsToldToInstallAHandler: any other stop that does not end gets the advice of its own class.
func TestOnlyAPID1IsToldToInstallAHandler(t *testing.T) {
	const handler = "Install a handler for the signal, or"
	for class, want := range map[string]string{
		"drain-ends/pid1":                  handler,
		"drain-ends/program/keeps-serving": "It waits for connections that clients keep using.",
	} {
		r := cleanTwin()
		r.Warnings = []result.RowWarning{{Invariant: "drain-ends", Class: class, Trials: 1, Summary: "it did not end"}}
		if got := remedyOf(r, r.Warnings[0]); !strings.HasPrefix(got, want) {
			t.Errorf("a warning of %s: %q", class, got)
		}
		if got := adviceOn(class); len(got) == 0 || !strings.HasPrefix(got[0], want) {
			t.Errorf("explain %s: %q", class, got)
		}
	}
	for _, word := range []string{"drain-ends", "drain-ends/TASK/WAIT", "drain-ends/late/over-limit"} {
		if got := strings.Join(adviceOn(word), "\n"); strings.Contains(got, handler) {
			t.Errorf("explain %s: %s", word, got)
		}
	}
}

// TestOnlyExternalProgramsAreAskedForTheirWords: targets and Go tests hang in classes of their own, and have no handlers,
// no PID 1 and no process group of their own.
func TestOnlyExternalProgramsAreAskedForTheirWords(t *testing.T) {
	for word, want := range map[string]bool{
		"drain-ends/program/stuck": true, "drain-ends/program/CAUSE": true, "every-request-answered/request-read/exited-early": true,
		"drain-ends/late/over-limit": false, "drain-ends/deadline/nothing-left": false, "drain-ends/TASK/WAIT": false,
		"drain-ends/deadlock/WAITS": false, "drain-ends": false,
	} {
		if got := strings.Join(adviceOn(word), "\n"); strings.Contains(got, "Where the story says") != want {
			t.Errorf("explain %s: %q", word, got)
		}
	}
}

// TestAWarningCountsSchedulesWhereTheRowDoes: a simulated world has no trials.
func TestAWarningCountsSchedulesWhereTheRowDoes(t *testing.T) {
	for engine, want := range map[string]string{"real": "too late, in 2 of 5 trials\n", simulated: "too late, in 2 of 5 schedules\n"} {
		r := passedRow()
		r.Engine, r.Warnings = engine, []result.RowWarning{{Invariant: "drain-ends", Class: "drain-ends/late/over-limit", Trials: 2, Summary: "too late"}}
		if text := render(t, "text", reportOf(r), Options{Width: 200}); !strings.Contains(text, want) {
			t.Errorf("engine %s: not %q in\n%s", engine, want, text)
		}
	}
}
