package result_test

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/result"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %v, not %v", what, got, want)
	}
}

func TestRulesOut(t *testing.T) {
	near(t, "with no trial", result.RulesOut(0), 1, 0)
	near(t, "1 trial", result.RulesOut(1), 0.95, 1e-9)
	near(t, "10 trials", result.RulesOut(10), 0.2589, 5e-5)
	near(t, "20 trials", result.RulesOut(20), 0.1391, 5e-5)
	near(t, "299 trials", result.RulesOut(299), 0.01, 5e-5)
	if result.RulesOut(298) <= 0.01 || result.RulesOut(299) > 0.01 || result.TrialsFor(0.01) != 299 {
		t.Errorf("1 %% takes %d trials", result.TrialsFor(0.01))
	}
}

func TestRateOf(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{
		{0, 10, 0, 0.25887}, {10, 10, 0.74113, 1}, {5, 10, 0.18709, 0.81291}, {1, 10, 0.00253, 0.44502}, {1, 1, 0.05, 1},
	} {
		r := result.RateOf(c.k, c.n)
		near(t, "estimate", r.Estimate, float64(c.k)/float64(c.n), 1e-12)
		near(t, "low", r.Low, c.low, 1e-5)
		near(t, "high", r.High, c.high, 1e-5)
		near(t, "confidence", r.Confidence, 0.95, 0)
	}
}

func breach(class string, v result.Verdict, n int64) result.Breach {
	invariant, _, _ := strings.Cut(class, "/")
	return result.Breach{Invariant: invariant, Class: class, Verdict: v, Count: n, Summary: class, Evidence: []string{"a story"}}
}

const (
	lost = "no-lost-message/stage1/dropped"
	hung = "drain-ends/reader/receive"
)

// trial is one that passed; what it measured depends on its index alone.
func trial(index int) result.Trial {
	steady, drain := result.NewHistogram(), result.NewHistogram()
	for n := range int64(100) {
		_ = steady.RecordValue(1_000_000 + n*10_000*int64(index+1))
		_ = drain.RecordValue(5_000_000 + n)
	}
	return result.Trial{
		Index: index, Number: index + 1, Seed: "7", HasStruck: true, DrainEnded: true, Drain: time.Duration(10+index) * time.Millisecond,
		AtRisk: []result.Risk{{Kind: "queued", Count: int64(100 + index)}},
		Latency: []result.Latency{
			{Op: "publish", Group: "publish", Phase: result.Steady, Clock: "wall", Hist: steady},
			{Op: "publish", Group: "publish", Phase: result.Drain, Clock: "wall", Hist: drain},
		},
		Throughput: []result.Throughput{{Op: "publish", Group: "publish", Sent: 120, Accepted: 100, Refused: 20, Steady: 100, Window: 100 * time.Millisecond}},
	}
}

func broke(index int, breaches ...result.Breach) result.Trial {
	t := trial(index)
	t.Breaches = breaches
	t.Verdict = result.VerdictOf(breaches, "")
	if t.Verdict == result.Hung {
		t.DrainEnded = false
	}
	return t
}

func void(index int, why string) result.Trial {
	return result.Trial{Index: index, Number: index + 1, Seed: "7", Verdict: result.Void, Void: why}
}

func header(planned int) result.Header {
	return result.Header{
		Scenario: "s", ScenarioHash: "h", Target: "broker", Variant: "v", Engine: "real", Seed: "7", Planned: planned,
		DrainLimit: 2 * time.Second, Moment: "SIGTERM at 50% of 2s",
	}
}

func fold(h result.Header, rules result.Rules, trials ...result.Trial) *result.Campaign {
	c := result.NewCampaign(h)
	for _, t := range trials {
		c.Add(t)
	}
	c.Finish(rules)
	return c
}

func clean(n int) []result.Trial {
	var all []result.Trial
	for i := range n {
		all = append(all, trial(i))
	}
	return all
}

func reportOf(t *testing.T, campaigns ...*result.Campaign) *result.Report {
	t.Helper()
	if len(campaigns) == 0 {
		campaigns = []*result.Campaign{
			fold(header(6), rulesOf("p99(publish) < 1ms"), mixed()...),
			fold(header(2), result.Rules{}, clean(2)...),
		}
	}
	r, err := result.NewReport(campaigns)
	if err != nil {
		t.Fatal(err)
	}
	r.Started, r.Command, r.Seed = time.Date(2026, 12, 2, 9, 0, 0, 0, time.UTC), []string{"racebench", "run"}, "7"
	return r
}

func encoded(t *testing.T, c *result.Campaign) string {
	t.Helper()
	raw, err := reportOf(t, c).Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// mixed is a bit of everything.
func mixed() []result.Trial {
	kept := broke(3, breach(lost, result.Breached, 9))
	kept.Dir = "runs/1/trials/000004"
	wide := breach(lost, result.Breached, 2)
	wide.Widened = true
	other := trial(5)
	other.Throughput = append(other.Throughput, result.Throughput{Op: "subscribe", Group: "laggards", Accepted: 7})
	other.Windows = []result.WindowCount{{Name: "w", Struck: 2, Met: 1}}
	other.Notes = []string{"the record was cut"}
	other.Returned, other.Policy, other.Late = 3, 4, time.Millisecond
	return []result.Trial{
		trial(0), broke(1, breach(lost, result.Breached, 5), breach(hung, result.Hung, 1)), void(2, "never struck"), kept,
		broke(4, wide, breach(lost, result.Breached, 1)), other, void(6, "starved"), void(7, "never struck"),
	}
}

func rulesOf(expr string) result.Rules {
	return result.Rules{
		Known: []result.KnownBreach{{Class: "drain-ends/*", Why: "tracked"}},
		Thresholds: []result.Threshold{{
			Expr: expr, Func: "p99", Name: "publish", Unit: "ns", Holds: func(v float64) bool { return v < 1e6 },
		}},
	}
}

func TestFoldingIsCommutative(t *testing.T) {
	want := encoded(t, fold(header(6), rulesOf("x"), mixed()...))
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		trials := mixed()
		r.Shuffle(len(trials), func(i, j int) { trials[i], trials[j] = trials[j], trials[i] })
		if got := encoded(t, fold(header(6), rulesOf("x"), trials...)); got != want {
			t.Fatalf("another order gave\n%s\nnot\n%s", got, want)
		}
		at := r.IntN(len(trials) + 1)
		a, b := fold(header(6), rulesOf("x"), trials[:at]...), fold(header(6), rulesOf("x"), trials[at:]...)
		a.Merge(b)
		a.Finish(rulesOf("x"))
		if got := encoded(t, a); got != want {
			t.Fatalf("cut at %d and merged it gave\n%s\nnot\n%s", at, got, want)
		}
	}
}

func TestFoldOfBreaches(t *testing.T) {
	c := fold(header(6), result.Rules{}, mixed()...)
	if len(c.Breaches) != 2 || c.Breaches[0].Class != hung || c.Breaches[1].Class != lost {
		t.Fatalf("breaches are %+v", c.Breaches)
	}
	b := c.Breaches[1]
	if b.Trials != 3 || b.Messages != 17 || b.Natural+b.Widened != 3 || b.Widened != 1 {
		t.Errorf("%d trials, %d messages, %d natural, %d widened", b.Trials, b.Messages, b.Natural, b.Widened)
	}
	if b.First.Dir == "" || b.First.Index != 3 {
		t.Errorf("first is trial %d in %q: not the first that was kept", b.First.Index, b.First.Dir)
	}
	if n := c.Counts(); n != (result.Counts{Planned: 6, Run: 5, Passed: 2, Breached: 2, Hung: 1, Void: 3}) {
		t.Errorf("counts are %+v", n)
	}
	near(t, "breach rate", c.BreachRate().Estimate, 0.6, 1e-9)
}

func TestVerdicts(t *testing.T) {
	idle := trial(0)
	idle.AtRisk = []result.Risk{{Kind: "queued"}}
	startup := header(1)
	startup.AtStartup = true
	known := result.Rules{Known: []result.KnownBreach{{Class: "no-lost-message/*", Why: "tracked"}}}
	expired := result.Rules{Known: []result.KnownBreach{{Class: "no-lost-message/*", Expired: true}}}
	elsewhere := result.Rules{Known: []result.KnownBreach{{Variant: "another", Class: "no-lost-message/*"}}}
	missed := result.Rules{Thresholds: []result.Threshold{{Func: "max", Name: "drain", Holds: func(float64) bool { return false }}}}
	for name, c := range map[string]struct {
		want   result.Verdict
		header result.Header
		rules  result.Rules
		trials []result.Trial
	}{
		"clean":                         {result.Passed, header(3), result.Rules{}, clean(3)},
		"one breach of many":            {result.Breached, header(3), result.Rules{}, append(clean(2), broke(2, breach(lost, result.Breached, 1)))},
		"a hang is worse":               {result.Hung, header(2), known, []result.Trial{broke(0, breach(hung, result.Hung, 1)), broke(1, breach("process-survives/p/panic", result.Crashed, 1))}},
		"a crash is worse":              {result.Crashed, header(2), missed, []result.Trial{broke(0, breach(lost, result.Breached, 1)), broke(1, breach("process-survives/p/panic", result.Crashed, 1))}},
		"known":                         {result.Known, header(2), known, []result.Trial{broke(0, breach(lost, result.Breached, 1)), trial(1)}},
		"known, and one that is not":    {result.Hung, header(2), known, []result.Trial{broke(0, breach(lost, result.Breached, 1), breach(hung, result.Hung, 1)), trial(1)}},
		"no longer known":               {result.Breached, header(1), expired, []result.Trial{broke(0, breach(lost, result.Breached, 1))}},
		"known of another variant":      {result.Breached, header(1), elsewhere, []result.Trial{broke(0, breach(lost, result.Breached, 1))}},
		"missed":                        {result.Missed, header(2), missed, clean(2)},
		"missed beside known":           {result.Missed, header(1), result.Rules{Known: known.Known, Thresholds: missed.Thresholds}, []result.Trial{broke(0, breach(lost, result.Breached, 1))}},
		"no trial":                      {result.Untested, header(3), missed, nil},
		"all void, nothing measured":    {result.Untested, header(2), missed, []result.Trial{void(0, "x"), void(1, "x")}},
		"fewer than half":               {result.Untested, header(5), result.Rules{}, clean(2)},
		"half":                          {result.Passed, header(4), result.Rules{}, clean(2)},
		"a breach among too few":        {result.Breached, header(9), result.Rules{}, []result.Trial{broke(0, breach(lost, result.Breached, 1))}},
		"nothing at risk":               {result.Untested, header(1), result.Rules{}, []result.Trial{idle}},
		"nothing at risk, at start-up":  {result.Passed, startup, result.Rules{}, []result.Trial{idle}},
		"void ones do not count as run": {result.Untested, header(4), result.Rules{}, append(clean(1), void(1, "x"), void(2, "x"), void(3, "x"))},
	} {
		got := fold(c.header, c.rules, c.trials...)
		if got.Verdict != c.want {
			t.Errorf("%s: %s, not %s", name, got.Verdict, c.want)
		}
		r := reportOf(t, got)
		wantStatus := map[bool]int{true: 1}[c.want.Finding()]
		if c.want == result.Untested {
			wantStatus = 3
		}
		if r.Verdict != c.want || r.Status() != wantStatus {
			t.Errorf("%s: the report says %s, status %d", name, r.Verdict, r.Status())
		}
	}
}

func TestVerdictOrder(t *testing.T) {
	words := []string{"passed", "known", "void", "untested", "missed", "breached", "crashed", "hung"}
	for i, w := range words {
		var v result.Verdict
		if err := v.UnmarshalText([]byte(w)); err != nil || v.String() != w || int(v) != i {
			t.Errorf("%s reads as %v, %v", w, v, err)
		}
		if want := i >= 4; v.Finding() != want {
			t.Errorf("%s: finding is %v", w, !want)
		}
	}
	var v result.Verdict
	if err := v.UnmarshalText([]byte("fine")); err == nil {
		t.Error("a verdict that is none is read")
	}
	if got := result.VerdictOf([]result.Breach{breach(lost, result.Breached, 1)}, "starved"); got != result.Breached {
		t.Errorf("a breach was voided: %s", got)
	}
	if got := result.VerdictOf(nil, "starved"); got != result.Void {
		t.Errorf("a starved trial is %s", got)
	}
}

func planted(rate float64) result.Rules {
	return result.Rules{Known: []result.KnownBreach{{Class: "drain-ends/*", Planted: true, Rate: rate}}}
}

func TestPlanted(t *testing.T) {
	found := fold(header(2), planted(0.5), broke(0, breach(hung, result.Hung, 1)), trial(1))
	if found.Verdict != result.Known || !found.Breaches[0].Planted || len(found.Warnings) != 0 {
		t.Errorf("found: %s, %+v, %q", found.Verdict, found.Breaches, found.Warnings)
	}
	for _, c := range []struct {
		rate float64
		n    int
		want result.Verdict
	}{
		{0.5, 19, result.Passed}, {0.5, 20, result.Missed}, {0.8, 8, result.Passed}, {0.8, 9, result.Missed}, {1, 3, result.Missed},
	} {
		got := fold(header(c.n), planted(c.rate), clean(c.n)...)
		if got.Verdict != c.want || len(got.Warnings) != 1 {
			t.Errorf("rate %v, %d trials: %s, not %s; %q", c.rate, c.n, got.Verdict, c.want, got.Warnings)
		}
	}
	few := fold(header(19), planted(0.5), clean(19)...)
	if !strings.Contains(few.Warnings[0], "(it takes 20)") {
		t.Errorf("the warning is %q", few.Warnings[0])
	}
}

func TestExpiredIsSaidOnce(t *testing.T) {
	rules := result.Rules{Known: []result.KnownBreach{{Class: "no-lost-message/*", Expired: true, Until: time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)}}}
	c := fold(header(1), rules, broke(0, breach(lost, result.Breached, 1), breach("no-lost-message/mailbox/dropped", result.Breached, 1)))
	if len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], "2026-01-31") {
		t.Errorf("warnings are %q", c.Warnings)
	}
	rules.Known = append(rules.Known, result.KnownBreach{Class: "no-lost-message/*", Why: "renewed"})
	c = fold(header(1), rules, broke(0, breach(lost, result.Breached, 1)))
	if len(c.Warnings) != 0 || c.Verdict != result.Known {
		t.Errorf("an entry that renews an expired one: %s, %q", c.Verdict, c.Warnings)
	}
}

func TestEndsAreSaid(t *testing.T) {
	day := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		entry result.KnownBreach
		want  string
	}{
		{result.KnownBreach{Class: "no-lost-message/*", EndsSoon: true, Until: day}, "ends soon: after 2026-12-01"},
		{result.KnownBreach{Class: "drain-ends/*", EndsSoon: true, Until: day}, "ends soon: after 2026-12-01"}, // also where it did not show
		{result.KnownBreach{Class: "drain-ends/*", Expired: true, Until: day}, "did not show"},
		{result.KnownBreach{Variant: "another", Class: "drain-ends/*", EndsSoon: true, Until: day}, ""},
		{result.KnownBreach{Class: "drain-ends/*", Until: day}, ""},
	} {
		rules := result.Rules{Known: []result.KnownBreach{row.entry}}
		c := fold(header(1), rules, broke(0, breach(lost, result.Breached, 1)))
		got := strings.Join(c.Warnings, "; ")
		if !strings.Contains(got, row.want) || (got == "") != (row.want == "") {
			t.Errorf("%+v: warnings are %q, want %q", row.entry, got, row.want)
		}
	}
}

func TestThresholds(t *testing.T) {
	trials := clean(10)
	trials[9].Throughput[0].Late = 3
	for _, c := range []struct {
		fn, name, phase, unit string
		want                  float64
		within                float64
	}{
		{"max", "publish", "", "ns", 10.9e6, 2e4},
		{"p50", "publish", result.Drain, "ns", 5e6, 1e4},
		{"max", "drain", "", "ns", 19e6, 0},
		{"p99", "drain", "", "ns", 19e6, 0},
		{"p50", "drain", "", "ns", 14e6, 0},
		{"rate", "publish", "", "/s", 1000, 1e-9},
		{"errors", "publish", "", "count", 200, 0},
		{"errors", "publish", "", "share", 1.0 / 6, 1e-9},
		{"late", "publish", "", "count", 3, 0},
		{"breach_rate", "", "", "share", 0, 0},
		{"count", "no-lost-message", "", "count", 0, 0},
	} {
		var seen []float64
		rules := result.Rules{Thresholds: []result.Threshold{{
			Func: c.fn, Name: c.name, Phase: c.phase, Unit: c.unit, Holds: func(v float64) bool { seen = append(seen, v); return true },
		}}}
		got := fold(header(10), rules, trials...)
		if !got.Thresholds[0].Measured || len(seen) != 1 {
			t.Errorf("%+v: not measured", c)
			continue
		}
		near(t, c.fn+"("+c.name+" "+c.phase+" "+c.unit+")", got.Thresholds[0].Value, c.want, c.within)
	}
	for _, name := range []string{"subscribe", ""} {
		got := fold(header(10), result.Rules{Thresholds: []result.Threshold{{Func: "p99", Name: name, Holds: func(float64) bool { return true }}}}, trials...)
		if got.Thresholds[0].Measured || got.Thresholds[0].Held || got.Verdict == result.Passed {
			t.Errorf("a bound on what nobody measured held: %+v, %s", got.Thresholds[0], got.Verdict)
		}
	}
}

func TestBreachRateOfKnown(t *testing.T) {
	rules := result.Rules{
		Known:      []result.KnownBreach{{Class: lost}},
		Thresholds: []result.Threshold{{Func: "breach_rate", Unit: "share", Holds: func(v float64) bool { return v < 0.2 }}},
	}
	trials := append(clean(3), broke(3, breach(lost, result.Breached, 4)))
	c := fold(header(4), rules, trials...)
	near(t, "breach_rate", c.Thresholds[0].Value, 0.25, 1e-9)
	if c.Verdict != result.Missed {
		t.Errorf("the verdict is %s", c.Verdict)
	}
}

func TestReport(t *testing.T) {
	r := reportOf(t)
	if r.Verdict != result.Breached && r.Verdict != result.Hung {
		t.Errorf("the worst is %s", r.Verdict)
	}
	bad, good := r.Results[0], r.Results[1]
	if bad.RulesOut != 0 || bad.Replay != "racebench replay runs/1/trials/000004" {
		t.Errorf("rules out %v, replay %q", bad.RulesOut, bad.Replay)
	}
	near(t, "rules out", good.RulesOut, result.RulesOut(2), 0)
	if good.Replay != "" || good.Breaches != nil || good.AtRisk[0].Fewest != 100 || good.AtRisk[0].Count != 201 {
		t.Errorf("a clean row has %q, %v, %+v", good.Replay, good.Breaches, good.AtRisk)
	}
	if bad.Drain.Unfinished != 1 || bad.Drain.Count != 4 || bad.Drain.MaxNS != 15e6 {
		t.Errorf("drain is %+v", bad.Drain)
	}
	if want := []result.VoidReason{{Reason: "never struck", Trials: 2}, {Reason: "starved", Trials: 1}}; !reflect.DeepEqual(bad.Void, want) {
		t.Errorf("void for %+v", bad.Void)
	}
	if want := []string{"one trial: the record was cut"}; !reflect.DeepEqual(bad.Notes, want) {
		t.Errorf("notes are %q", bad.Notes)
	}
	empty, err := result.NewReport(nil)
	if err != nil || empty.Status() != 3 {
		t.Errorf("nothing run: %v, %v", empty, err)
	}
}

func TestEncodeAndDecode(t *testing.T) {
	raw, err := reportOf(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := result.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	again, err := back.Encode()
	if err != nil || !bytes.Equal(raw, again) {
		t.Errorf("it reads as something else: %v\n%s\n%s", err, raw, again)
	}
	later := bytes.Replace(raw, []byte(`"seed"`), []byte(`"from_a_later_version": 1, "seed"`), 1)
	if _, err := result.Decode(later); err != nil {
		t.Errorf("a later version's field is refused: %v", err)
	}
	for _, bad := range []string{"", "{}", "[]", `{"schema": "racebench.result/v2"}`, string(raw[:len(raw)/2])} {
		if r, err := result.Decode([]byte(bad)); err == nil {
			t.Errorf("%.40q reads as %+v", bad, r)
		}
	}
	var fields map[string]any
	if err := json.Unmarshal(raw, &fields); err != nil || fields["schema"] != result.SchemaName {
		t.Errorf("schema is %v, %v", fields["schema"], err)
	}
}
