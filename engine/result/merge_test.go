package result_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/result"
)

// busy is a trial with something of everything.
func busy(t *testing.T, i int) result.Trial {
	t.Helper()
	h := result.NewHistogram()
	for k := range int64(50) {
		if err := h.RecordValue(100_000 + 1_000*k*int64(i+1)); err != nil {
			t.Fatal(err)
		}
	}
	trial := result.Trial{
		Index: i, Number: i, Seed: fmt.Sprint(1000 + i), HasStruck: true, Struck: time.Millisecond, DrainEnded: true,
		Drain: time.Duration(i+1) * time.Millisecond, Late: time.Duration(i), Returned: 1, Policy: 2,
		AtRisk:  []result.Risk{{Kind: "queued", Count: int64(10 + i), Lost: int64(i % 2)}},
		Windows: []result.WindowCount{{Name: "w", Struck: 1, Met: 1}}, Crossed: []result.Crossed{{Kind: "requests", Count: 1, Of: 5}},
		Bounded:    []result.Bounded{{Name: "mailbox", Bound: 8, Most: int64(min(8, i))}},
		Latency:    []result.Latency{{Op: "publish", Group: "publish", Phase: result.Steady, Clock: "wall", Hist: h}},
		Throughput: []result.Throughput{{Op: "publish", Group: "publish", Sent: 50, Accepted: 50, Steady: 50, Window: time.Second}},
		TickWidth:  time.Millisecond,
		Timeline:   []result.Tick{{At: -1, Trials: 1, Accepted: 2, SumNS: 2e6, MaxNS: 2e6}, {At: i % 4, Trials: 1, Refused: 3, Open: 1}},
		Warnings:   []result.Breach{{Invariant: "clean-exit", Class: "clean-exit/status/1", Summary: "it ended with status 1", Count: 1}},
	}
	if i%3 == 0 {
		b := breach(lost, result.Breached, int64(i+1))
		b.Of, b.Summary = 100, fmt.Sprintf("%d of 100 accepted messages lost", i+1)
		trial.Breaches, trial.Verdict = []result.Breach{b}, result.Breached
	}
	if i%4 == 0 { // of these 0 shows both
		trial.Breaches, trial.Verdict = append(trial.Breaches, breach(ghost, result.Breached, 1)), result.Breached
	}
	if i%5 == 1 {
		trial.Notes = []string{"the record was cut", fmt.Sprintf("trial %d: something of its own", i)}
	}
	if i == 5 {
		trial.Verdict, trial.Void = result.Void, "starved"
	}
	return trial
}

const ghost = "no-ghost/mailbox/stale"

func thresholds() []result.Threshold {
	return []result.Threshold{
		{Expr: "p99(publish) < 1ms", Func: "p99", Name: "publish", Phase: "steady", Unit: "ns", Op: "<", Bound: 1e6},
		{Expr: "max(drain) < 5ms", Func: "max", Name: "drain", Unit: "ns", Op: "<", Bound: 5e6},
		{Expr: "rate(publish) > 10/s", Func: "rate", Name: "publish", Unit: "/s", Op: ">", Bound: 10},
		{Expr: "breach_rate < 50%", Func: "breach_rate", Unit: "share", Op: "<", Bound: 0.5},
	}
}

// Stored shards merge to what one run of all trials would have stored.
func TestMergedShardsAreOneRun(t *testing.T) {
	for name, known := range map[string][]result.KnownBreach{
		"unknown": nil, "known": {{Class: lost, Why: "tracked"}},
		"both known": {{Class: lost, Why: "tracked"}, {Class: ghost, Why: "seen"}},
		"expired":    {{Class: lost, Expired: true, Until: "2026-01-31"}},
	} {
		rules := result.Rules{Known: known, Thresholds: thresholds(), Regression: []result.Tolerance{{Metric: "p99(publish)", Share: 0.1}}}
		whole, a, b := empty(12, rules), empty(6, rules), empty(6, rules)
		for i := range 12 {
			whole.Add(busy(t, i))
			if i%2 == 0 {
				a.Add(busy(t, i))
			} else {
				b.Add(busy(t, i))
			}
		}
		for _, c := range []*result.Campaign{whole, a, b} {
			c.Note("7 of 20 trials had time: one note of the campaign")
			c.Finish()
		}
		want := reportOf(t, whole)
		first, second := reportOf(t, a), reportOf(t, b)
		second.Seed = "other"
		merged, err := result.Merge([]*result.Report{stored(t, second), stored(t, first)})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := asJSON(t, merged.Results), asJSON(t, want.Results); got != want {
			t.Errorf("%s: merged\n%s\nis not\n%s", name, got, want)
		}
	}
}

// earlier takes out of a stored row what earlier versions did not store.
func earlier(r *result.Row) {
	r.AddsUp, r.Together, r.Known, r.TrialNotes = false, nil, nil, nil
	r.DrainLimit, r.AtStartup, r.Anytime, r.EndedEarly, r.ElapsedNS = 0, false, false, "", 0
	for i := range r.Breaches {
		r.Breaches[i].Of = 0
	}
	for i := range r.Warnings {
		r.Warnings[i].Of, r.Warnings[i].First = 0, nil
	}
	for i := range r.Throughput {
		r.Throughput[i].Steady, r.Throughput[i].Window = 0, 0
	}
	for i := range r.Thresholds {
		t := &r.Thresholds[i]
		*t = result.Threshold{Expr: t.Expr, Value: t.Value, Unit: t.Unit, Holds: t.Holds, Line: t.Line}
	}
	for i := range r.Void {
		r.Void[i].Others = false
	}
	for i := range r.PerTrial {
		r.PerTrial[i].Schedule = 0
	}
	if r.Timeline != nil {
		for i := range r.Timeline.Ticks {
			r.Timeline.Ticks[i].SumNS = 0
		}
	}
}

// A merged breach_rate counts a trial of two known classes once, also where the stored results are of before
// classes were stored together, as long as nothing unknown stands beside them.
func TestMergedRateCountsTrials(t *testing.T) {
	const leak = "no-leak/task/never-joined"
	for _, row := range []struct {
		name  string
		old   bool // results without the classes that showed together
		shown [][]string
		known []string
		want  float64
	}{
		{"both known", false, [][]string{{lost, ghost}, {ghost}, {}, {}}, []string{lost, ghost}, 0.5},
		{"one unknown elsewhere", false, [][]string{{lost, ghost}, {leak}, {}, {}}, []string{lost, ghost}, 0.25},
		{"one unknown beside it", false, [][]string{{lost, leak}, {leak}, {}, {}}, []string{lost}, 0.25},
		{"an older result", true, [][]string{{lost, ghost}, {ghost}, {}, {}}, []string{lost, ghost}, 0.5},
		{"an older result of one class", true, [][]string{{lost}, {lost}, {}, {}}, []string{lost}, 0.5},
		{"an older result counts a trial of two classes twice", true, [][]string{{lost, ghost}, {leak}, {}, {}}, []string{lost, ghost}, 0.375},
	} {
		rules := result.Rules{Thresholds: thresholds()}
		for _, class := range row.known {
			rules.Known = append(rules.Known, result.KnownBreach{Class: class, Why: "tracked"})
		}
		var reports []*result.Report
		for i := range 2 {
			var trials []result.Trial
			for k, classes := range row.shown {
				var breaches []result.Breach
				for _, class := range classes {
					breaches = append(breaches, breach(class, result.Breached, 1))
				}
				trials = append(trials, broke(2*k+i, breaches...))
			}
			r := stored(t, reportOf(t, fold(len(trials), rules, trials...)))
			r.Seed = fmt.Sprint(i)
			if row.old && i == 0 {
				earlier(&r.Results[0])
			}
			reports = append(reports, r)
		}
		merged, err := result.Merge(reports)
		if err != nil {
			t.Fatal(err)
		}
		near(t, row.name, *merged.Results[0].Thresholds[3].Value, row.want, 1e-9)
	}
}

// Where one of the runs was ended by time, what the merged trials rule out has to hold at every number of them.
func TestMergedBoundHoldsAtAnyTime(t *testing.T) {
	const anytimeOf8 = 0.477 // 1 - (20 * 9)^(-1/8)
	for _, row := range []struct {
		anytime []bool // of each run
		want    float64
	}{
		{[]bool{false, false}, result.RulesOut(8)},
		{[]bool{true, true}, anytimeOf8},
		{[]bool{true, false}, anytimeOf8},
		{[]bool{false, true}, anytimeOf8},
	} {
		var reports []*result.Report
		for i, anytime := range row.anytime {
			c := empty(4, result.Rules{})
			c.Anytime = anytime
			r := stored(t, reportOf(t, finished(c, clean(4)...)))
			r.Seed = fmt.Sprint(i)
			reports = append(reports, r)
		}
		merged, err := result.Merge(reports)
		if err != nil {
			t.Fatal(err)
		}
		near(t, fmt.Sprint(row.anytime), merged.Results[0].RulesOut, row.want, 1e-3)
	}
}

// stored is a report as it comes back from a file.
func stored(t *testing.T, r *result.Report) *result.Report {
	t.Helper()
	raw, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := result.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestWhatDoesNotBelongTogether(t *testing.T) {
	r := reportOf(t, fold(2, result.Rules{}, clean(2)...))
	r.Started = time.Date(2026, 12, 2, 9, 30, 0, 0, time.UTC)
	if _, err := result.Merge([]*result.Report{r, stored(t, r)}); err == nil || !strings.Contains(err.Error(), "same run") {
		t.Errorf("a run with itself: %v", err)
	}
	if _, err := result.Merge(nil); err == nil {
		t.Error("nothing at all gave no error")
	}
	again := stored(t, r)
	again.Started = again.Started.Add(time.Hour)
	r.Results[0].Engine, again.Results[0].Engine = "sim", "sim"
	if _, err := result.Merge([]*result.Report{r, again}); err == nil || !strings.Contains(err.Error(), "would count twice") {
		t.Errorf("the same schedules twice: %v", err)
	}
	again.Results[0].ScenarioHash = "other"
	if m, err := result.Merge([]*result.Report{r, again}); err != nil || len(m.Results) != 2 {
		t.Errorf("two scenarios: %v", err)
	}
}

// A planted breach that one shard has not seen is seen when another has.
func TestPlantedIsSeenByAnyShard(t *testing.T) {
	rules := result.Rules{Known: []result.KnownBreach{{Class: lost, Planted: true, Rate: 0.999}}}
	blind := fold(3, rules, clean(3)...)
	seen := fold(1, rules, broke(7, breach(lost, result.Breached, 1)))
	if blind.Verdict != result.Missed {
		t.Fatalf("the first shard is %s", blind.Verdict)
	}
	a, b := reportOf(t, blind), reportOf(t, seen)
	b.Started = a.Started.Add(time.Second)
	if m, err := result.Merge([]*result.Report{a, b}); err != nil || m.Verdict != result.Known || len(m.Results[0].Warnings)+len(m.Results[0].Unseen) != 0 {
		t.Errorf("seen by one: %v %+v", err, m)
	}
	c := stored(t, a)
	c.Started = c.Started.Add(time.Minute)
	if m, err := result.Merge([]*result.Report{a, c}); err != nil || m.Verdict != result.Missed {
		t.Errorf("seen by none: %v %v", err, m.Verdict)
	}
}
