package report

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/charmbracelet/lipgloss"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/console"
	"github.com/racebench/racebench/internal/gate"
)

func ptr(v float64) *float64 { return &v }

// sampleComparison has every kind of change, with plausible numbers.
func sampleComparison() *gate.Comparison {
	machine := result.Machine{CPU: "Example CPU", Cores: 8, GOMAXPROCS: 8, Kernel: "6.12"}
	metric := func(name, unit string, base, head float64, p float64, state gate.State) gate.MetricChange {
		change := head/base - 1
		return gate.MetricChange{
			Metric: name, Unit: unit, Base: ptr(base), Head: ptr(head), Change: &change, Samples: [2]int{10, 10}, Noise: 0.083,
			P: ptr(p), Tolerance: 0.1, Gated: true, State: state,
		}
	}
	unclear := metric("p99(readers, drain)", "ns", 9e6, 11e6, 0.04, gate.Unclear)
	unclear.Level, unclear.Needed = 0.0075, 26
	unclear.Why = "such a difference may be chance: p = 0.04, and to fail it had to be at most 0.0075 (noise 31 %); about 26 trials a side would tell (--trials 26), if the difference stays"
	free := metric("p50(publish)", "ns", 41e3, 47e3, 0.0002, gate.Worse)
	free.Gated = false
	apart := metric("p99(publish)", "ns", 388e3, 391e3, 0, gate.NotComparable)
	apart.P, apart.Change, apart.Why = nil, nil, "the scenario was changed"
	lost := gate.BreachChange{
		Invariant: "every-request-answered", Class: "every-request-answered/reply/cut", Verdict: result.Breached, State: gate.New, Fails: true,
		Base: 0, Head: 7, Summary: "12 requests that the server had read got no answer",
		First: result.FirstTrial{Trial: 3, Seed: "9137", Dir: "racebench-runs/20261202-093000/trials/000007", Evidence: []string{
			"one of 12: request c2#17", "    +0.00 ms  SIGTERM       struck", "  +101.70 ms  server        closed the connection after 0 B of answer",
		}},
	}
	other := func(class string, state gate.State, base, head int, p *float64) gate.BreachChange {
		invariant, _, _ := strings.Cut(class, "/")
		return gate.BreachChange{Invariant: invariant, Class: class, Verdict: result.Breached, State: state, Base: base, Head: head, P: p, Summary: "a breach"}
	}
	tolerated := other("clean-close/websocket/1006", gate.Known, 10, 10, ptr(1))
	tolerated.Known = "tracked in #25"
	rose := other("no-ghost/retry/applied-twice", gate.Rose, 1, 9, ptr(0.0006))
	rose.Fails = true
	late := other("drain-ends/late/over-limit", gate.Expired, 2, 3, ptr(0.5))
	late.Expired = "2026-11-30"
	return &gate.Comparison{
		Schema: gate.SchemaName, Outcome: gate.Failed, Alpha: 0.02, Interleaved: true,
		Reasons: []string{
			"cart-sigterm external/program: every-request-answered/reply/cut is a new breach: 7/10, was 0/10",
			"cart-sigterm external/program: p99(checkout) is worse by more than 10 %: +25.0 %",
		},
		Warnings: []string{"cart-sigterm external/program: right-error/send/closed is on base too (6/10, yours 7/10)"},
		Base:     gate.Side{Name: "3f2a9c1", Machine: machine, Started: time.Date(2026, 12, 2, 9, 30, 0, 0, time.UTC), Seed: "7"},
		Head:     gate.Side{Name: "9b04e7d and uncommitted changes", Machine: machine, Started: time.Date(2026, 12, 2, 9, 30, 0, 0, time.UTC), Seed: "7", Verdict: result.Breached},
		Results: []gate.ResultChange{
			{
				Scenario: "cart-sigterm", Owner: "@acme/cart", Target: "external", Variant: "program", Engine: "real", Verdict: result.Breached, InBase: true,
				Trials: [2]int{10, 10}, Held: 6, Replay: "racebench replay racebench-runs/20261202-093000/trials/000007",
				Breaches: []gate.BreachChange{
					lost, rose, other("right-error/send/closed", gate.OnBase, 6, 7, ptr(0.5)), late, tolerated,
					other("no-leak/pinger", gate.Planted, 10, 10, nil), other("in-order/queue/overtaken", gate.Gone, 4, 0, nil),
				},
				Thresholds: []gate.ThresholdChange{
					{Expr: "max(drain) < 1s", Unit: "ns", Base: ptr(412e6), Head: ptr(104e6), Holds: true},
					{Expr: "p99(checkout) < 25ms", Unit: "ns", Head: ptr(26.7e6)}, {Expr: "memory < 64MiB", Unit: "bytes"},
				},
				Metrics: []gate.MetricChange{
					metric("p99(checkout)", "ns", 21.4e6, 26.75e6, 0.00001, gate.Regressed), metric("rate(checkout)", "/s", 1987, 1991, 0.44, gate.Same),
					metric("max(drain)", "ns", 412e6, 104e6, 0.0001, gate.Better), metric("mean(checkout)", "ns", 4e6, 4.2e6, 0.002, gate.Worse), unclear, free,
				},
				Crossed: []gate.CrossedChange{{Kind: "requests", Base: 22, BaseOf: 1000, Head: 21, HeadOf: 1002}},
			},
			{
				Scenario: "broker", Target: "broker", Variant: "two-phase", Engine: "real", Verdict: result.Passed, Trials: [2]int{10, 10},
				InBase: true, Held: 11, Metrics: []gate.MetricChange{apart},
			},
			{Scenario: "new-one", Target: "broker", Variant: "two-phase", Engine: "real", Verdict: result.Untested, Trials: [2]int{0, 0}, Held: 11},
			{Scenario: "still", Target: "broker", Variant: "two-phase", Engine: "real", Verdict: result.Passed, Trials: [2]int{10, 10}, InBase: true, Held: 11},
		},
	}
}

func renderComparison(t *testing.T, format string, c *gate.Comparison, o Options) string {
	t.Helper()
	raw, err := RenderComparison(format, c, o)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestComparisonText(t *testing.T) {
	for _, width := range []int{0, 40, 80, 120} {
		golden(t, fmt.Sprintf("comparison-%d", width), []byte(renderComparison(t, "text", sampleComparison(), Options{Width: width})))
	}
	c := sampleComparison()
	c.Outcome, c.Reasons, c.Warnings = gate.Inconclusive, nil, nil
	c.Results = c.Results[1:]
	golden(t, "comparison-unclear", []byte(renderComparison(t, "text", c, Options{Verbose: true})))
}

// What is to be typed again begins with what was typed.
func TestAgainIsCalledAsTheRunWas(t *testing.T) {
	c := sampleComparison()
	c.Head.Called = "/opt/my tools/racebench"
	if text := renderComparison(t, "text", c, Options{}); !strings.Contains(text, "'/opt/my tools/racebench' replay racebench-runs/") {
		t.Errorf("again is not called as the run was:\n%s", text)
	}
}

func TestComparisonFormats(t *testing.T) {
	if _, err := RenderComparison("csv", sampleComparison(), Options{}); err == nil {
		t.Error("an unknown format gave no error")
	}
	for _, f := range ComparisonFormats() {
		if renderComparison(t, f, &gate.Comparison{Outcome: gate.Untested, Reasons: []string{"the head has no results"}}, Options{}) == "" {
			t.Errorf("%s: an empty comparison gave nothing at all", f)
		}
	}
	var back gate.Comparison
	if err := json.Unmarshal([]byte(renderComparison(t, "json", sampleComparison(), Options{})), &back); err != nil || len(back.Results) != 4 {
		t.Errorf("json reads back as %d results: %v", len(back.Results), err)
	}
}

func TestNoLineOfAComparisonIsTooWide(t *testing.T) {
	for width := 60; width <= 200; width++ {
		for line := range strings.Lines(renderComparison(t, "text", sampleComparison(), Options{Width: width})) {
			line = strings.TrimRight(line, "\n")
			if lipgloss.Width(line) > width && len(strings.Fields(line)) > 2 {
				t.Errorf("at width %d, %d columns: %q", width, lipgloss.Width(line), line)
			}
			if strings.TrimRight(line, " ") != line {
				t.Errorf("at width %d: spaces at the end of %q", width, line)
			}
		}
	}
}

func TestNoComparisonDrivesTheTerminal(t *testing.T) {
	c := sampleComparison()
	poison(reflect.ValueOf(c), "\x1b[2J\x1b]0;owned\x07\r\u009b31m\u202e\u2028\xff\t\x00")
	for _, format := range ComparisonFormats() {
		for _, r := range renderComparison(t, format, c, Options{Verbose: true}) {
			if r != '\n' && (unicode.IsControl(r) || console.Hidden(r)) {
				t.Fatalf("%s holds %U", format, r)
			}
		}
	}
}
