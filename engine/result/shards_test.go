package result_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/result"
)

// A world is a kind of run that is cut into parts.
type world struct {
	name   string
	engine string
	rules  result.Rules
	damage func(t *result.Trial) // what is wrong with some trials
	want   result.Verdict        // of the whole
}

// plan is n planned trials, some 7 % of which are void and replaced by ones of the same index.
func plan(t *testing.T, w world, n int) [][]result.Trial {
	t.Helper()
	chance := rand.New(rand.NewPCG(7, uint64(n)))
	all := make([][]result.Trial, n) // by index
	for i := range n {
		for k := 0; ; k++ {
			one := busyClean(t, i, k)
			if w.engine == "sim" {
				one.Schedule = &result.Schedule{Hash: uint64(1 + (i+k)%5), Steps: int64(10 + i)}
				one.Drain = time.Duration(i%3) * time.Millisecond // also one that took no time
			}
			if void := k < 3 && chance.Float64() < 0.07; void {
				one.Verdict, one.Void = result.Void, fmt.Sprintf("reason %d", i%2)
				all[i] = append(all[i], one)
				continue
			}
			w.damage(&one)
			all[i] = append(all[i], one)
			break
		}
	}
	return all
}

// busyClean is busy without a breach.
func busyClean(t *testing.T, i, k int) result.Trial {
	t.Helper()
	one := busy(t, i)
	one.Breaches, one.Verdict, one.Void = nil, result.Passed, ""
	one.Replacement, one.Seed = k, fmt.Sprintf("%d-%d", i, k)
	return one
}

func (w world) fold(t *testing.T, part, parts int, plan [][]result.Trial) *result.Report {
	t.Helper()
	h := header()
	h.Engine = w.engine
	c := result.NewCampaign(h, w.rules)
	const eachWorld = 8 // schedules
	if w.engine == "sim" {
		c.DrawsWorlds([]string{"op 0", "op 1", "op 2", "op 3", "never"})
	}
	for i, tries := range plan {
		if i%parts != part {
			continue
		}
		if w.engine == "sim" {
			if i%eachWorld == 0 {
				c.AddWorld(i / eachWorld % 3)
			}
			c.Reached(fmt.Sprintf("op %d", i*i%5))
		}
		c.Trials.Planned++
		for _, one := range tries {
			c.Add(one)
		}
	}
	c.Note("a remark on the whole campaign")
	c.Finish()
	r := stored(t, reportOf(t, c))
	r.Started = r.Started.Add(time.Duration(parts*100+part) * time.Second)
	return r
}

func worlds() []world {
	breaks := func(every int, breaches ...result.Breach) func(*result.Trial) {
		return func(t *result.Trial) {
			if t.Index%every != 0 {
				return
			}
			for _, b := range breaches {
				b.Count = int64(t.Index + 1)
				b.Of, b.Summary = 500, fmt.Sprintf("%d of 500 accepted messages lost", b.Count)
				t.Breaches = append(t.Breaches, b)
			}
			t.Verdict = result.VerdictOf(t.Breaches, "")
			if t.Verdict == result.Hung {
				t.DrainEnded = false
			}
		}
	}
	nothing := func(*result.Trial) {}
	loss, stale, hang := breach(lost, result.Breached, 1), breach(ghost, result.Breached, 1), breach(hung, result.Hung, 1)
	known := func(entries ...result.KnownBreach) result.Rules { return result.Rules{Known: entries} }
	missed := result.Threshold{Expr: "p99(publish) < 1us", Func: "p99", Name: "publish", Unit: "ns", Op: "<", Bound: 1000}
	all := []world{
		{"passed", "real", result.Rules{}, nothing, result.Passed},
		{"breached", "real", result.Rules{}, breaks(3, loss, stale), result.Breached},
		{"breached once", "real", result.Rules{}, breaks(1000, loss), result.Breached},
		{"hung", "real", result.Rules{}, breaks(5, hang, loss), result.Hung},
		{"known", "real", known(result.KnownBreach{Class: lost, Why: "tracked"}), breaks(4, loss), result.Known},
		{"expired", "real", known(result.KnownBreach{Class: lost, Expired: true, Until: "2026-01-31"}), breaks(4, loss), result.Breached},
		{"ends soon", "real", known(result.KnownBreach{Class: lost, EndsSoon: true, Until: "2026-12-10", Why: "tracked"}), breaks(4, loss), result.Known},
		{"planted and seen", "real", known(result.KnownBreach{Class: "drain-ends/*", Planted: true, Rate: 0.5}), breaks(50, hang), result.Known},
		{"planted and unseen", "real", known(result.KnownBreach{Class: "drain-ends/*", Planted: true, Rate: 0.25}), nothing, result.Missed},
		{"planted, and too few to tell", "real", known(result.KnownBreach{Class: "drain-ends/*", Planted: true, Rate: 0.05}), nothing, result.Passed},
		{"a threshold missed", "real", result.Rules{Thresholds: append(thresholds(), missed)}, breaks(3, loss), result.Breached},
		{"missed by a threshold", "real", result.Rules{Thresholds: []result.Threshold{missed}}, nothing, result.Missed},
		{"missed by the rate of breaches", "real", result.Rules{
			Known: known(result.KnownBreach{Class: lost}).Known, Thresholds: []result.Threshold{{Expr: "breach_rate < 20%", Func: "breach_rate", Unit: "share", Op: "<", Bound: 0.2}},
		}, breaks(3, loss), result.Missed},
	}
	suspected := func(good, bad int64) func(*result.Trial) {
		return func(t *result.Trial) {
			a := result.Asked{Kind: "http-keepalive GET /", Good: good, Bad: bad, InFlight: 4}
			if t.Index%3 == 0 {
				a.BadInFlight, a.Trials = 2, 1
				b := breach("every-request-answered/answered-badly/500", result.Breached, 2)
				b.Kind, b.If, b.Of, b.Summary = a.Kind, result.AlwaysGood, 4, "2 of 4 requests were answered with 500"
				other := b
				other.Kind = "http-oneshot GET /" // of which nothing is known: it warns
				t.Suspects = []result.Breach{b, other}
			}
			if t.Index%6 == 0 {
				breaks(1, loss)(t)
			}
			t.Asked = []result.Asked{a}
		}
	}
	all = append(all,
		world{"suspected of what breaks a promise", "real", result.Rules{}, suspected(10, 0), result.Breached},
		world{"suspected of what happens at all times", "real", known(result.KnownBreach{Class: lost}), suspected(10, 1), result.Known},
		world{"suspected of a known breach", "real", known(result.KnownBreach{Class: "every-*"}, result.KnownBreach{Class: lost}), suspected(10, 0), result.Known},
	)
	for _, w := range slices.Clone(all) {
		w.name, w.engine = w.name+", simulated", "sim"
		all = append(all, w)
	}
	return all
}

// Any split of a plan, merged in any order, is what the whole run stores.
func TestAnySplitOfThePlanIsTheWhole(t *testing.T) {
	const planned = 60
	order := rand.New(rand.NewPCG(1, 2))
	for _, w := range worlds() {
		all := plan(t, w, planned)
		whole := w.fold(t, 0, 1, all)
		row := whole.Results[0]
		if whole.Verdict != w.want || row.Trials.Run != planned || row.Trials.Void == 0 {
			t.Fatalf("%s: the whole is %s with %+v, not %s", w.name, whole.Verdict, row.Trials, w.want)
		}
		want := asJSON(t, whole.Results)
		for _, parts := range []int{2, 3, 7} {
			var shards []*result.Report
			for part := range parts {
				shards = append(shards, w.fold(t, part, parts, all))
			}
			order.Shuffle(parts, func(i, j int) { shards[i], shards[j] = shards[j], shards[i] })
			merged, err := result.Merge(shards)
			if err != nil {
				t.Fatal(err)
			}
			if got := asJSON(t, merged.Results); got != want || merged.Verdict != whole.Verdict {
				t.Errorf("%s in %d parts: merged\n%s\nis not\n%s", w.name, parts, got, want)
			}
			if got := asJSON(t, mergedFromFiles(t, shards).Results); got != want {
				t.Errorf("%s in %d parts: merged from files\n%s\nis not\n%s", w.name, parts, got, want)
			}
			// A merge of merges is no other.
			left, err := result.Merge(shards[:parts/2])
			if err != nil {
				t.Fatal(err)
			}
			right, err := result.Merge(shards[parts/2:])
			if err != nil {
				t.Fatal(err)
			}
			right.Started = right.Started.Add(time.Hour)
			again, err := result.Merge([]*result.Report{stored(t, right), stored(t, left)})
			if err != nil {
				t.Fatal(err)
			}
			if got := asJSON(t, again.Results); got != want {
				t.Errorf("%s in %d parts: merged twice\n%s\nis not\n%s", w.name, parts, got, want)
			}
		}
	}
}

// A sum of rows that were ended early is no whole run: it says so and does not pass, whatever the others are.
func TestASumOfRowsThatEndedEarlyDoesNotPass(t *testing.T) {
	for _, w := range worlds() {
		all := plan(t, w, 40)
		for _, parts := range []int{2, 3, 7} {
			for _, ended := range [][]string{{"timeout"}, {"fail-fast", "three hangs"}} {
				var shards []*result.Report
				for part := range parts {
					r := w.fold(t, part, parts, all)
					if part < len(ended) {
						r.Results[0].EndedEarly = ended[part]
					}
					shards = append(shards, r)
				}
				merged, err := result.Merge(shards)
				if err != nil {
					t.Fatal(err)
				}
				row := merged.Results[0]
				said := slices.ContainsFunc(row.Warnings, func(warning result.RowWarning) bool {
					return warning.Summary == fmt.Sprintf("%d of the %d results that were merged had ended early (%s): together they are no whole run",
						len(ended), parts, row.EndedEarly)
				})
				if merged.Verdict == result.Passed || !said || row.EndedEarly == "" || w.want == result.Passed && merged.Status() != 3 {
					t.Errorf("%s: %s, ended early by %q, %+v", w.name, merged.Verdict, row.EndedEarly, row.Warnings)
				}
			}
		}
	}
}

// What an earlier version did not store is not made up: the sum says what is not in it, and a pass is none.
func TestSumsOfResultsOfAnEarlierVersion(t *testing.T) {
	sum := func(w world, parts int, all [][]result.Trial) result.Row {
		var shards []*result.Report
		for part := range parts {
			r := w.fold(t, part, parts, all)
			earlier(&r.Results[0])
			shards = append(shards, stored(t, r))
		}
		merged, err := result.Merge(shards)
		if err != nil {
			t.Fatal(err)
		}
		return merged.Results[0]
	}
	for _, w := range worlds() {
		all := plan(t, w, 60)
		whole := w.fold(t, 0, 1, all).Results[0]
		row := sum(w, 2, all)
		if row.Trials != whole.Trials || len(row.Breaches) != len(whole.Breaches) || asJSON(t, row.Latency) != asJSON(t, whole.Latency) ||
			asJSON(t, row.Drain) != asJSON(t, whole.Drain) || asJSON(t, row.AtRisk) != asJSON(t, whole.AtRisk) {
			t.Errorf("%s: merged it is %s", w.name, asJSON(t, row))
		}
		if !slices.ContainsFunc(row.Notes, func(note string) bool {
			return note == "a result of an earlier version is among those that were merged: of it "+lacking(w)+" are not in the sums"
		}) {
			t.Errorf("%s: notes are %q", w.name, row.Notes)
		}
		if row.Verdict == result.Passed && w.want != result.Passed || row.RulesOut > 0 && row.RulesOut < whole.RulesOut {
			t.Errorf("%s: %s, rules out %v", w.name, row.Verdict, row.RulesOut)
		}
		for _, th := range row.Throughput {
			if th.PerSecond != 0 {
				t.Errorf("%s: a rate of %v was made up", w.name, th.PerSecond)
			}
		}
	}
}

func lacking(w world) string {
	if len(w.rules.Thresholds) > 0 {
		return "totals in what breaches say, rates, thresholds"
	}
	return "totals in what breaches say, rates"
}

// Parts of one run that were dealt out in different ways have some trials in common, and leave others out.
func TestPartsThatAreCutInDifferentWaysAreRefused(t *testing.T) {
	w := worlds()[0]
	all := plan(t, w, 12)
	part := func(number, width int) *result.Report {
		r := w.fold(t, number-1, 2, all)
		r.Results[0].Shard, r.Results[0].ShardWidth = fmt.Sprintf("%d/2", number), width
		return r
	}
	for _, c := range []struct {
		first, second int
		fits          bool
	}{{0, 0, true}, {40, 40, true}, {0, 40, false}, {40, 80, false}} {
		merged, err := result.Merge([]*result.Report{part(1, c.first), part(2, c.second)})
		if (err == nil) != c.fits {
			t.Errorf("widths %d and %d: %v", c.first, c.second, err)
		}
		if err == nil && (merged.Results[0].ShardWidth != 0 || merged.Results[0].Parts != nil) {
			t.Errorf("all parts of width %d still tell that the run was cut", c.first)
		}
	}
	half, err := result.Merge([]*result.Report{part(1, 40)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := result.Merge([]*result.Report{half, part(2, 0)}); err == nil {
		t.Error("a sum of one part was merged with a part that is cut in another way")
	}
	if whole, err := result.Merge([]*result.Report{half, part(2, 40)}); err != nil || whole.Results[0].Verdict != result.Passed {
		t.Errorf("a sum of one part, and the other: %v", err)
	}
}
