package result_test

import (
	"math"
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

func header() result.Header {
	return result.Header{
		Scenario: "s", ScenarioHash: "h", Target: "broker", Variant: "v", Engine: "real", Seed: "7",
		DrainLimit: 2 * time.Second, Moment: "SIGTERM at 50% of 2s",
	}
}

// empty is a campaign of so many planned trials, none of which was run.
func empty(planned int, rules result.Rules) *result.Campaign {
	c := result.NewCampaign(header(), rules)
	c.Trials.Planned = planned
	return c
}

func fold(planned int, rules result.Rules, trials ...result.Trial) *result.Campaign {
	return finished(empty(planned, rules), trials...)
}

func finished(c *result.Campaign, trials ...result.Trial) *result.Campaign {
	for _, t := range trials {
		c.Add(t)
	}
	c.Finish()
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
			fold(6, rulesOf("p99(publish) < 1ms"), mixed()...),
			fold(2, result.Rules{}, clean(2)...),
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
			Expr: expr, Func: "p99", Name: "publish", Unit: "ns", Op: "<", Bound: 1e6,
		}},
	}
}
