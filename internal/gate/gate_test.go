package gate

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
)

const lost = "no-lost-message/mailbox/actor-dropped"

// clean is the result of so many trials that broke nothing, each with the same speed.
func clean(n int) *result.Report {
	row := result.Row{
		Header: result.Header{
			Scenario: "s", ScenarioHash: "aa", Target: "broker", Variant: "v", Engine: "real",
			Invariants: []string{"no-lost-message", "drain-ends"},
		},
		Verdict: result.Passed, Trials: result.Counts{Planned: n, Run: n, Passed: n},
		Throughput: []result.Throughput{{Op: "publish", Group: "publish", PerSecond: 1000}},
		Rules:      result.Rules{Regression: []result.Tolerance{{Metric: "p99(publish)", Share: 0.1}, {Metric: "rate(publish)", Share: 0.05}}},
	}
	for i := range n {
		wiggle := 1 + float64(i)/1000
		row.PerTrial = append(row.PerTrial, result.RowTrial{
			Trial: i, DrainNS: int64(1e6 * wiggle),
			Metrics: map[string]float64{"p50(publish)": 1e5, "p99(publish)": 1e6 * wiggle, "rate(publish)": 1000 / wiggle},
		})
	}
	return &result.Report{Schema: result.SchemaName, Machine: result.Machine{CPU: "c", Cores: 2}, Results: []result.Row{row}}
}

// broken is the same with a class of breach in k of the trials.
func broken(k, n int, class string) *result.Report {
	r := clean(n)
	row := &r.Results[0]
	row.Verdict, row.Trials.Passed, row.Trials.Breached = result.Breached, n-k, k
	invariant, _, _ := strings.Cut(class, "/")
	row.Breaches = []result.RowBreach{{Invariant: invariant, Class: class, Verdict: result.Breached, Trials: k, Count: int64(k), Natural: k}}
	return r
}

// with changes a result's only row.
func with(r *result.Report, change func(*result.Row)) *result.Report {
	change(&r.Results[0])
	return r
}

func known(row *result.Row) { row.Breaches[0].Known, row.Verdict = "tracked", result.Known }

func planted(row *result.Row) {
	known(row)
	row.Breaches[0].Planted = true
}

func expired(row *result.Row) { row.Breaches[0].Expired = "2026-01-31" }

func untested(row *result.Row) {
	row.Verdict, row.Trials.Planned = result.Untested, 10
	row.Void = []result.VoidReason{{Reason: "the target did not start", Trials: 10}}
}

func TestOutcomes(t *testing.T) {
	bound := func(value float64, holds bool) func(*result.Row) {
		return func(row *result.Row) {
			row.Thresholds = []result.Threshold{{Expr: "p99(publish) < 25ms", Unit: "ns", Value: &value, Holds: holds}}
			if !holds {
				row.Verdict = result.Missed
			}
		}
	}
	slower := func(by float64) func(*result.Row) {
		return func(row *result.Row) {
			for i := range row.PerTrial {
				row.PerTrial[i].Metrics["p99(publish)"] *= by
			}
		}
	}
	rate := func(by float64) func(*result.Row) {
		return func(row *result.Row) {
			for i := range row.PerTrial {
				row.PerTrial[i].Metrics["rate(publish)"] *= by
			}
		}
	}
	names := func(metric string) func(*result.Row) {
		return func(row *result.Row) { row.Regression = []result.Tolerance{{Metric: metric, Share: 0.1}} }
	}
	undrained := func(row *result.Row) {
		names("max(drain)")(row)
		for i := range row.PerTrial {
			row.PerTrial[i].DrainNS = 0
		}
	}
	for _, tt := range []struct {
		name       string
		base, head *result.Report
		want       Outcome
		says       string // in a reason or a warning
	}{
		{"equal", clean(10), clean(10), Passed, ""},
		{"one new breach", clean(20), broken(1, 20, lost), Failed, "is a new breach: 1/20, was 0/20"},
		{"another class of one invariant", broken(9, 20, "no-lost-message/stage1/cut"), broken(1, 20, lost), Failed, "new breach"},
		{"on base too", broken(6, 20, lost), broken(7, 20, lost), Passed, "is on base too (6/20, yours 7/20)"},
		{"more often", broken(2, 20, lost), broken(19, 20, lost), Failed, "breaks more often: 19/20, was 2/20"},
		{"known", clean(20), with(broken(5, 20, lost), known), Passed, ""},
		{"known more often", with(broken(2, 20, lost), known), with(broken(19, 20, lost), known), Failed, "more often"},
		{"known that had not shown", with(clean(20), func(r *result.Row) { r.Unseen = []string{"no-lost-message/*"} }),
			with(broken(19, 20, lost), known), Failed, "more often"},
		{"planted", with(broken(2, 20, lost), planted), with(broken(20, 20, lost), planted), Passed, ""},
		{"expired", clean(20), with(broken(5, 20, lost), expired), Failed, "was listed as known until 2026-01-31 and breaks again"},
		{"expired, on base too", broken(5, 20, lost), with(broken(5, 20, lost), expired), Passed, "until 2026-01-31; it is on base too"},
		{"gone", broken(20, 20, lost), clean(20), Passed, ""},
		{"threshold held", clean(10), with(clean(10), bound(1, true)), Passed, ""},
		{"threshold missed on both", with(clean(10), bound(1, false)), with(clean(10), bound(2, false)), Failed, "p99(publish) < 25ms does not hold"},
		{"blind", clean(10), with(clean(10), func(r *result.Row) { r.Verdict = result.Missed }), Failed, "the check is blind"},
		{"untested", clean(10), with(clean(10), func(r *result.Row) { r.Verdict = result.Untested }), Untested, "was not tested"},
		{"base untested, head clean", with(clean(0), untested), clean(10), Untested, "the base was not tested: 0 of its 10 planned trials gave a verdict: the target did not start"},
		{"base untested, head breached", with(clean(0), untested), broken(5, 10, lost), Untested, "shows in 5/10; the base was not tested, so nobody can say if it is new"},
		{"base untested, entry expired", with(clean(0), untested), with(broken(5, 10, lost), expired), Untested, "nobody can say if it is new"},
		{"base untested, threshold missed", with(clean(0), untested), with(clean(10), bound(2, false)), Failed, "does not hold"},
		{"nothing", clean(10), &result.Report{}, Untested, "the head has no results"},
		{"slower", clean(10), with(clean(10), slower(1.25)), Failed, "p99(publish) is worse by more than 10 %: +25.0 %"},
		{"slower, within tolerance", clean(10), with(clean(10), slower(1.09)), Passed, ""},
		{"faster", clean(10), with(clean(10), slower(0.5)), Passed, ""},
		{"less done", clean(10), with(clean(10), rate(0.8)), Failed, "rate(publish) is worse by more than 5 %: -20.0 %"},
		{"more done", clean(10), with(clean(10), rate(1.25)), Passed, ""},
		{"slower, and the head was stored without tolerances", clean(10), with(with(clean(10), slower(1.25)), func(r *result.Row) { r.Regression = nil }),
			Failed, "p99(publish) is worse by more than 10 %"},
		{"no drain ended", with(clean(10), names("max(drain)")), with(clean(10), undrained), Inconclusive, ""},
		{"a count is no metric of a trial", with(clean(10), names("count(drain-ends)")), with(clean(10), names("count(drain-ends)")), Passed, ""},
		{"more often, in another scenario", broken(2, 20, lost), with(broken(19, 20, lost), func(r *result.Row) { r.ScenarioHash = "bb" }),
			Passed, "is on base too (2/20, yours 19/20)"},
		{"too few", clean(5), with(clean(5), slower(3)), Inconclusive, ""},
		{"not in the base", &result.Report{}, broken(1, 10, lost), Failed, "new breach: 1/10, and the base does not have this scenario"},
		{"new scenario", &result.Report{Machine: clean(1).Machine}, clean(10), Passed, ""},
		{"a result went", clean(10), with(clean(10), func(r *result.Row) { r.Variant = "w" }), Passed, "in the base only"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := Compare(tt.base, tt.head, Options{})
			said := strings.Join(slices.Concat(c.Reasons, c.Warnings), "\n")
			if c.Outcome != tt.want || !strings.Contains(said, tt.says) || tt.says == "" && said != "" {
				t.Errorf("%s, not %s; it says %q", c.Outcome, tt.want, said)
			}
			if _, err := json.Marshal(c); err != nil {
				t.Error(err)
			}
		})
	}
}

// On another machine nothing is said of speed, and everything of breaches.
func TestAnotherMachine(t *testing.T) {
	head := broken(1, 10, lost)
	head.Machine.CPU = "d"
	for i := range head.Results[0].PerTrial {
		head.Results[0].PerTrial[i].Metrics["p99(publish)"] *= 10
	}
	c := Compare(clean(10), head, Options{})
	if c.Outcome != Failed || len(c.Reasons) != 1 || !strings.Contains(c.Reasons[0], "new breach") {
		t.Errorf("%s: %q", c.Outcome, c.Reasons)
	}
	for _, m := range c.Results[0].Metrics {
		if m.State != NotComparable || m.Why != "another machine" || m.P != nil {
			t.Errorf("%+v", m)
		}
	}
	if len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], "processor: c, now d") {
		t.Errorf("warnings are %q", c.Warnings)
	}
	if c := Compare(clean(10), head, Options{Interleaved: true}); len(c.Machine) != 0 || len(c.Reasons) != 2 {
		t.Errorf("interleaved: %q %q", c.Machine, c.Reasons)
	}
}

func TestSpeedNeedsOneScenarioAndTheWallClock(t *testing.T) {
	for want, change := range map[string]func(*result.Row){
		"the scenario was changed":         func(r *result.Row) { r.ScenarioHash = "bb" },
		"times of engine sim are virtual":  func(r *result.Row) { r.Engine = "sim" },
		"the base does not have it":        func(r *result.Row) { r.Variant = "w" },
		"nothing was measured":             func(r *result.Row) { r.PerTrial = nil },
		"9 and 3 trials measured it: it t": func(r *result.Row) { r.PerTrial = r.PerTrial[:3] },
	} {
		base := clean(9)
		if strings.Contains(want, "sim") {
			base.Results[0].Engine = "sim"
		}
		c := Compare(base, with(clean(9), change), Options{})
		m := c.Results[0].Metrics[0]
		if !strings.HasPrefix(m.Why, want) || m.State == Same {
			t.Errorf("%s: %+v", want, m)
		}
	}
}

// A void trial proves nothing, of speed neither.
func TestVoidTrialsAreNoSamples(t *testing.T) {
	head := with(clean(10), func(r *result.Row) { r.PerTrial[3].Verdict = result.Void })
	if m := Compare(clean(10), head, Options{}).Results[0].Metrics[0]; m.Samples != [2]int{10, 9} {
		t.Errorf("samples are %v", m.Samples)
	}
}

// Two histograms of one distribution may differ by their last digit.
func TestResolutionIsNoRegression(t *testing.T) {
	head := with(clean(10), func(r *result.Row) {
		for i := range r.PerTrial {
			r.PerTrial[i].Metrics["p99(publish)"] = 1_000_900
		}
		r.Regression[0].Share = 0
	})
	base := with(clean(10), func(r *result.Row) {
		for i := range r.PerTrial {
			r.PerTrial[i].Metrics["p99(publish)"] = 1_000_000
		}
	})
	if c := Compare(base, head, Options{}); c.Outcome != Passed {
		t.Errorf("%s: %q", c.Outcome, c.Reasons)
	}
}

func TestExactTests(t *testing.T) {
	for _, tt := range []struct {
		k1, n1, k2, n2 int
		want           float64
	}{
		{0, 10, 7, 10, 0.00154799}, // the example of many textbooks: C(10,7)/C(20,7)
		{0, 10, 0, 10, 1}, {5, 10, 5, 10, 0.671859}, {1, 1, 1, 1, 1}, {0, 0, 3, 3, 1}, {10, 10, 0, 10, 1},
	} {
		if got := fisher(tt.k1, tt.n1, tt.k2, tt.n2); got < tt.want*0.9999 || got > tt.want*1.0001 {
			t.Errorf("fisher %+v is %g", tt, got)
		}
	}
	if got := holm([]float64{0.02, 0.001, 0.2, 0.004}, 0.015); !slices.Equal(got, []bool{false, true, false, true}) {
		t.Errorf("holm: %v", got)
	}
}

func TestReadAndWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "base.json")
	if err := Write(path, clean(3)); err != nil {
		t.Fatal(err)
	}
	if r, err := Read(t.Context(), path); err != nil || len(r.Results) != 1 {
		t.Errorf("%v %v", r, err)
	}
	if err := os.Rename(path, filepath.Join(dir, "result.json")); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(t.Context(), dir); err != nil {
		t.Errorf("a run's directory: %v", err)
	}
	if _, err := Read(t.Context(), path); !errors.Is(err, ErrNoBaseline) {
		t.Errorf("no file: %v", err)
	}
	for text, want := range map[string]string{
		`{"schema":"racebench.result/v0"}`: `its schema is "racebench.result/v0", and this version reads racebench.result/v1; make a new baseline`,
		`{"schema":"other"}`:               `its schema is "other"`,
		`{"schema`:                         "it is not JSON of a result",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(t.Context(), path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// What kept schedules show on the base is on the base, though no trial of it showed it.
func TestKeptSchedulesOfTheBase(t *testing.T) {
	const class = "no-lost-message/stage1/sent-past-gate"
	kept := func(row *result.Row) {
		b := &row.Breaches[0]
		b.Trials, b.Count, b.Natural, b.Kept = 0, 0, 0, []string{"corpus/a.replay"}
		row.Trials.Passed, row.Trials.Breached = row.Trials.Run, 0
	}
	on := with(broken(1, 20, class), kept)
	if b := Compare(on, on, Options{}).Results[0].Breaches[0]; b.State != OnBase || b.Fails {
		t.Errorf("on both sides: %+v", b)
	}
	if b := Compare(clean(20), on, Options{}).Results[0].Breaches[0]; b.State != New || !b.Fails {
		t.Errorf("on the head alone: %+v", b)
	}
}
