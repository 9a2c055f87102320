package result_test

import (
	"math"
	"testing"

	"github.com/racebench/racebench/engine/result"
)

// TestWhatOnlyWarnsIsNoStake folds trials of a program from outside: connections whose loss merely warns test
// nothing, and a pass is computed from the trials in which something was at risk.
func TestWhatOnlyWarnsIsNoStake(t *testing.T) {
	for _, tc := range []struct {
		name    string
		target  string
		judged  []string
		kind    string
		in      int // of 10 trials
		verdict result.Verdict
		proving int // 0: no rate is ruled out
	}{
		{"pre-opened connections alone", "external", nil, "preopened", 10, result.Untested, 0},
		{"pre-opened connections that the scenario expects", "external", []string{"preopened-answered"}, "preopened", 10, result.Passed, 10},
		{"requests in some trials", "external", nil, "request-read", 4, result.Passed, 4},
		{"WebSockets", "external", nil, "websocket-open", 10, result.Passed, 10},
		{"a server inside this process", "broker", nil, "queued", 4, result.Passed, 10},
	} {
		c := result.NewCampaign(result.Header{Target: tc.target, Invariants: tc.judged}, result.Rules{})
		c.Trials.Planned = 10
		for i := range 10 {
			trial := result.Trial{Index: i, Verdict: result.Passed, AtRisk: []result.Risk{{Kind: tc.kind}}}
			if i < tc.in {
				trial.AtRisk[0].Count = 2
			}
			c.Add(trial)
		}
		c.Finish()
		rep, err := result.NewReport([]*result.Campaign{c})
		if err != nil {
			t.Fatal(err)
		}
		row, want := rep.Results[0], 0.0
		if tc.proving > 0 {
			want = result.RulesOut(tc.proving)
			if row.Proving() != tc.proving {
				t.Errorf("%s: %d trials prove something, want %d", tc.name, row.Proving(), tc.proving)
			}
		}
		if row.Verdict != tc.verdict || math.Abs(row.RulesOut-want) > 1e-9 {
			t.Errorf("%s: %s, rules out %v, want %s and %v", tc.name, row.Verdict, row.RulesOut, tc.verdict, want)
		}
	}
}

// TestWarningsHaveTheTablesTotal counts the connections of all trials, not of those alone that showed a loss.
func TestWarningsHaveTheTablesTotal(t *testing.T) {
	c := result.NewCampaign(result.Header{Target: "external"}, result.Rules{})
	for i := range 2 {
		trial := result.Trial{Index: i, Verdict: result.Passed, AtRisk: []result.Risk{{Kind: "preopened", Count: 2, Lost: int64(2 * i)}, {Kind: "request-read", Count: 1}}}
		if i == 1 {
			trial.Warnings = []result.Breach{{Invariant: "preopened-answered", Class: "preopened-answered/first-request/eof", Count: 2, Of: 2, Summary: "2 of 2 connections"}}
		}
		c.Add(trial)
	}
	c.Finish()
	rep, err := result.NewReport([]*result.Campaign{c})
	if err != nil {
		t.Fatal(err)
	}
	if w := rep.Results[0].Warnings; len(w) != 1 || w[0].Summary != "2 of 4 connections" {
		t.Errorf("warnings %+v, want 2 of 4", w)
	}
}

// TestSentencesHaveTheTablesTotal: a sentence about requests that were read counts those of all trials, as their row of
// what was at risk does.
func TestSentencesHaveTheTablesTotal(t *testing.T) {
	for kind, class := range map[string]string{
		"request-read": "every-request-answered/request-read/exited", "acknowledged-write": "acked-survives-restart/store/missing",
		"answer-half-sent": "every-request-answered/answer-half-sent/exited",
	} {
		c := result.NewCampaign(result.Header{Target: "external"}, result.Rules{})
		c.Add(result.Trial{Verdict: result.Passed, AtRisk: []result.Risk{{Kind: kind, Count: 1}}})
		c.Add(result.Trial{
			Index: 1, Verdict: result.Breached, AtRisk: []result.Risk{{Kind: kind, Count: 4, Lost: 4}},
			Breaches: []result.Breach{{Class: class, Verdict: result.Breached, Count: 4, Of: 4, Summary: "4 of 4 of them"}},
		})
		c.Finish()
		rep, err := result.NewReport([]*result.Campaign{c})
		if err != nil {
			t.Fatal(err)
		}
		if b := rep.Results[0].Breaches; len(b) != 1 || b[0].Summary != "4 of 5 of them" {
			t.Errorf("%s: %+v, want 4 of 5", class, b)
		}
	}
}
