package result_test

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/racebench/racebench/engine/result"
)

func TestFoldingIsCommutative(t *testing.T) {
	want := encoded(t, fold(6, rulesOf("x"), mixed()...))
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		trials := mixed()
		r.Shuffle(len(trials), func(i, j int) { trials[i], trials[j] = trials[j], trials[i] })
		if got := encoded(t, fold(6, rulesOf("x"), trials...)); got != want {
			t.Fatalf("another order gave\n%s\nnot\n%s", got, want)
		}
		at := r.IntN(len(trials) + 1)
		a, b := fold(6, rulesOf("x"), trials[:at]...), fold(6, rulesOf("x"), trials[at:]...)
		a.Merge(b)
		a.Finish()
		if got := encoded(t, a); got != want {
			t.Fatalf("cut at %d and merged it gave\n%s\nnot\n%s", at, got, want)
		}
	}
}

func TestFoldOfBreaches(t *testing.T) {
	c := fold(6, result.Rules{}, mixed()...)
	if len(c.Breaches) != 2 || c.Breaches[0].Class != hung || c.Breaches[1].Class != lost {
		t.Fatalf("breaches are %+v", c.Breaches)
	}
	b := c.Breaches[1]
	if b.Trials != 3 || b.Count != 17 || b.Natural+b.Widened != 3 || b.Widened != 1 {
		t.Errorf("%d trials, %d messages, %d natural, %d widened", b.Trials, b.Count, b.Natural, b.Widened)
	}
	if b.First.Dir == "" || b.First.Trial != 3 {
		t.Errorf("first is trial %d in %q: not the first that was kept", b.First.Trial, b.First.Dir)
	}
	if n := c.Trials; n != (result.Counts{Planned: 6, Run: 5, Passed: 2, Breached: 2, Hung: 1, Void: 3}) {
		t.Errorf("counts are %+v", n)
	}
	near(t, "breach rate", c.BreachRate.Estimate, 0.6, 1e-9)
}

func TestSummarySpeaksOfAllTrials(t *testing.T) {
	one, two := breach(lost, result.Breached, 3), breach(lost, result.Breached, 4)
	one.Of, one.Summary = 100, "3 of 100 accepted messages lost"
	two.Of, two.Summary = 200, "4 of 200 accepted messages lost"
	c := fold(2, result.Rules{}, broke(1, two), broke(0, one))
	if got := c.Breaches[0].Summary; got != "7 of 300 accepted messages lost" {
		t.Errorf("it says %q", got)
	}
	if got := c.Judged[0].Breaches[0].Summary; got != one.Summary {
		t.Errorf("the first trial's own summary became %q", got)
	}
}

// simulated is a trial of one of three schedules.
func simulated(index int) result.Trial {
	return result.Trial{
		Index: index, Seed: "7", HasStruck: true, DrainEnded: true, AtRisk: []result.Risk{{Kind: "queued", Count: 1}},
		Schedule: &result.Schedule{Hash: uint64(index % 3), Steps: 10},
	}
}

func TestManyTrials(t *testing.T) {
	const n, listed = 20_100, 10_000
	order := rand.New(rand.NewPCG(1, 2)).Perm(n)
	a, b := empty(n, result.Rules{}), empty(n, result.Rules{})
	for i, index := range order {
		if i%3 == 0 {
			a.Add(simulated(index))
		} else {
			b.Add(simulated(index))
		}
	}
	a.ElapsedNS, b.ElapsedNS = 2e9, 3e9
	a.Merge(b)
	a.Finish()
	row := reportOf(t, a).Results[0]
	if row.Trials.Run != n || row.Verdict != result.Passed || row.AtRisk[0].Count != n {
		t.Errorf("%+v, %s, %+v", row.Trials, row.Verdict, row.AtRisk)
	}
	if len(row.PerTrial) != listed || !row.Truncated || row.PerTrial[0].Trial != 0 || row.PerTrial[listed-1].Trial != listed-1 {
		t.Errorf("%d trials are listed, truncated %v", len(row.PerTrial), row.Truncated)
	}
	if want := (result.RowSchedules{Run: n, Distinct: 3, Steps: 10 * n, PerSecond: n / 5.0}); *row.Schedules != want {
		t.Errorf("schedules are %+v, not %+v", *row.Schedules, want)
	}
	few := fold(3, result.Rules{}, clean(3)...)
	if row := reportOf(t, few).Results[0]; row.Truncated || row.Schedules != nil {
		t.Errorf("three real trials: truncated %v, schedules %+v", row.Truncated, row.Schedules)
	}
}

func TestBounded(t *testing.T) {
	var trials []result.Trial
	for i, most := range []int64{8, 3, 9} {
		trial := trial(i)
		trial.Bounded = []result.Bounded{{Name: "stage1", Bound: 4, Most: 1}, {Name: "mailbox", Bound: 8, Most: most}}
		trials = append(trials, trial)
	}
	trials = append(trials, trial(3)) // it told of nothing
	row := reportOf(t, fold(4, result.Rules{}, trials...)).Results[0]
	want := []result.RowBounded{{Name: "mailbox", Bound: 8, Most: 9, Full: 2, Trials: 3}, {Name: "stage1", Bound: 4, Most: 1, Trials: 3}}
	if !reflect.DeepEqual(row.Bounded, want) {
		t.Errorf("bounded is %+v, not %+v", row.Bounded, want)
	}
}

func TestCrossedAndWarnings(t *testing.T) {
	manner := breach("clean-exit/status/signal", result.Passed, 1)
	var trials []result.Trial
	for i := range 3 {
		trial := trial(i)
		trial.Crossed = []result.Crossed{{Kind: "request", Count: 2, Of: 10}}
		if i > 0 {
			trial.Warnings = []result.Breach{manner}
		}
		trials = append(trials, trial)
	}
	row := reportOf(t, fold(3, result.Rules{}, trials...)).Results[0]
	if want := []result.Crossed{{Kind: "request", Count: 6, Of: 30}}; !reflect.DeepEqual(row.Crossed, want) {
		t.Errorf("crossed are %+v", row.Crossed)
	}
	if row.Verdict != result.Passed || len(row.Breaches) != 0 || len(row.Warnings) != 1 || row.Warnings[0].Trials != 2 || row.Warnings[0].Count != 2 {
		t.Errorf("%s, %+v, %+v", row.Verdict, row.Breaches, row.Warnings)
	}
}

func TestMetricsOfATrial(t *testing.T) {
	one := trial(4)
	one.Memory = 1 << 20
	row := reportOf(t, fold(1, result.Rules{}, one)).Results[0]
	m := row.PerTrial[0].Metrics
	near(t, "rate", m["rate(publish)"], 1000, 1e-9)
	near(t, "errors", m["errors(publish)"], 20, 0)
	near(t, "max", m["max(publish)"], 5.95e6, 1e4)
	near(t, "p50 of the drain", m["p50(publish, drain)"], 5e6, 1e4)
	near(t, "memory", m["memory"], 1<<20, 0)
	near(t, "at risk", m["at_risk_queued"], 104, 0)
	if _, ok := m["max(subscribe)"]; ok {
		t.Error("what was not measured has a number")
	}
}

// An op's numbers are those of all its groups, and asking does not change the groups' own.
func TestOpOfTwoGroups(t *testing.T) {
	histogram := func(at int64) *hdrhistogram.Histogram {
		h := result.NewHistogram()
		_ = h.RecordValue(at)
		return h
	}
	one := trial(0)
	one.Latency = []result.Latency{
		{Op: "publish", Group: "fast", Phase: result.Steady, Clock: "wall", Hist: histogram(1e6)},
		{Op: "publish", Group: "slow", Phase: result.Steady, Clock: "wall", Hist: histogram(9e6)},
	}
	one.Throughput = []result.Throughput{
		{Op: "publish", Group: "fast", Sent: 10, Steady: 10, Window: time.Second},
		{Op: "publish", Group: "slow", Sent: 5, Steady: 5, Window: time.Second},
	}
	row := reportOf(t, fold(1, result.Rules{}, one)).Results[0]
	m := row.PerTrial[0].Metrics
	near(t, "mean of the op", m["mean(publish)"], 5e6, 1e4)
	near(t, "mean of the fast", m["mean(fast)"], 1e6, 1e3)
	near(t, "rate of the op", m["rate(publish)"], 15, 1e-9)
	if row.Latency[0].Group != "fast" || row.Latency[0].Count != 1 || row.Latency[1].Count != 1 {
		t.Errorf("latencies are %+v", row.Latency)
	}
	h, err := hdrhistogram.Decode([]byte(row.Latency[1].Histogram))
	if err != nil || h.TotalCount() != 1 || h.Max() != row.Latency[1].MaxNS {
		t.Errorf("the stored histogram reads as %v, %v", h, err)
	}
	if got := one.Latency[0].Hist.TotalCount(); got != 1 {
		t.Errorf("folding changed the trial's own histogram: %d", got)
	}
}

func TestTrialAsJSON(t *testing.T) {
	one := broke(3, breach(lost, result.Breached, 9))
	one.Schedule = &result.Schedule{Hash: 1<<63 + 1, Steps: 4}
	one.Crossed, one.Memory, one.Notes = []result.Crossed{{Kind: "request", Count: 1, Of: 2}}, 7, []string{"cut"}
	one.Windows, one.Late, one.Struck = []result.WindowCount{{Name: "w", Met: 1}}, time.Millisecond, time.Second
	raw, err := json.Marshal(one)
	if err != nil {
		t.Fatal(err)
	}
	var back result.Trial
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	one.Latency, one.Throughput = nil, nil // they are computed from the ledger
	if !reflect.DeepEqual(back, one) {
		t.Errorf("it reads as %+v, not %+v", back, one)
	}
}

// Three hangs of one class end a campaign early: too few trials for a reason, so that a known hang stays
// known, where two would be too few to say anything.
func TestCutShortByHangs(t *testing.T) {
	rules := result.Rules{Known: []result.KnownBreach{{Class: "drain-ends/*", Why: "tracked"}}}
	var hangs []result.Trial
	for i := range 3 {
		hangs = append(hangs, broke(i, breach(hung, result.Hung, 1)))
	}
	if got := fold(20, rules, hangs...).Verdict; got != result.Known {
		t.Errorf("three of twenty that hang as known: %s", got)
	}
	if got := fold(20, rules, hangs[:2]...).Verdict; got != result.Untested {
		t.Errorf("two of twenty: %s", got)
	}
}

func BenchmarkAdd(b *testing.B) {
	c := empty(1, result.Rules{})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.Add(simulated(i))
	}
}

// A comparison has nothing but the stored result: what the scenario said of it must be there.
func TestStoredForComparison(t *testing.T) {
	rules := result.Rules{
		Known: []result.KnownBreach{
			{Class: "drain-ends/*", Expired: true, Until: "2026-01-31"},
			{Class: "no-leak/*", Why: "tracked"}, {Class: "no-ghost/*", Expired: true},
		},
		Regression: []result.Tolerance{{Metric: "p99(publish)", Share: 0.1}},
	}
	c := fold(1, rules, broke(0, breach(hung, result.Hung, 1)))
	c.Finish() // drawing conclusions twice draws the same ones
	r, err := result.NewReport([]*result.Campaign{c})
	if err != nil {
		t.Fatal(err)
	}
	row := r.Results[0]
	if got := row.Breaches[0].Expired; got != "2026-01-31" {
		t.Errorf("expired is %q", got)
	}
	if len(row.Unseen) != 1 || row.Unseen[0] != "no-leak/*" {
		t.Errorf("unseen is %q", row.Unseen)
	}
	if len(row.Regression) != 1 || row.Regression[0] != rules.Regression[0] {
		t.Errorf("regression is %v", row.Regression)
	}
}
