package result_test

import (
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
)

// partOf is the stored part of a run, which passed or showed a known breach.
func partOf(t *testing.T, shard string, rules result.Rules, damage func(*result.Trial)) *result.Report {
	t.Helper()
	h := header()
	h.Shard = shard
	c := result.NewCampaign(h, rules)
	c.Trials.Planned = 2
	for i := range 2 {
		one := busyClean(t, i+len(shard)*100, 0)
		damage(&one)
		c.Add(one)
	}
	c.Finish()
	return stored(t, reportOf(t, c))
}

// A sum of parts that lacks one does not pass, and names it; the sum of all is as if nothing had been cut.
func TestAMissingPartIsNamed(t *testing.T) {
	clean := func(*result.Trial) {}
	loses := func(one *result.Trial) {
		one.Breaches = []result.Breach{breach(lost, result.Breached, 1)}
		one.Verdict = result.Breached
	}
	known := result.Rules{Known: []result.KnownBreach{{Class: lost, Why: "tracked"}}}
	for _, c := range []struct {
		name   string
		shards []string
		rules  result.Rules
		damage func(*result.Trial)
		want   result.Verdict
		says   string
	}{
		{"all", []string{"2/3", "1/3", "3/3"}, result.Rules{}, clean, result.Passed, ""},
		{"one is missing", []string{"1/4", "4/4", "3/4"}, result.Rules{}, clean, result.Untested, "3 of 4 shards: 2/4 is missing"},
		{"two are missing", []string{"1/4", "4/4"}, result.Rules{}, clean, result.Untested, "2 of 4 shards: 2/4, 3/4 are missing"},
		{"many are missing", []string{"7/1000"}, result.Rules{}, clean, result.Untested, "1 of 1000 shards: 1/1000, 2/1000, 3/1000, 4/1000, 5/1000, 6/1000, 8/1000, 9/1000, 991 more are missing"},
		{"a known breach is a pass, too", []string{"1/2"}, known, loses, result.Untested, "1 of 2 shards: 2/2 is missing"},
		{"a finding is one whatever is missing", []string{"1/2"}, result.Rules{}, loses, result.Breached, "1 of 2 shards: 2/2 is missing"},
		{"known, and whole", []string{"1/2", "2/2"}, known, loses, result.Known, ""},
	} {
		var all []*result.Report
		for i, shard := range c.shards {
			r := partOf(t, shard, c.rules, c.damage)
			r.ElapsedNS += int64(i) // they are not one run
			all = append(all, r)
		}
		sum, err := result.Merge(all)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		row := sum.Results[0]
		var warnings []string
		for _, w := range row.Warnings {
			if w.Class == "" { // those of trials have one
				warnings = append(warnings, w.Summary)
			}
		}
		said := strings.Join(warnings, "\n")
		if row.Verdict != c.want || sum.Verdict != c.want || !strings.Contains(said, c.says) || (c.says == "") != (said == "") {
			t.Errorf("%s: %s, of all %s, want %s: %q", c.name, row.Verdict, sum.Verdict, c.want, said)
		}
		if row.Shard != "" || (c.says == "") != (row.Parts == nil) {
			t.Errorf("%s: shard %q, parts %v", c.name, row.Shard, row.Parts)
		}
		again, err := result.Merge([]*result.Report{stored(t, sum)})
		if err != nil || len(again.Results[0].Warnings) != len(row.Warnings) {
			t.Errorf("%s: merged again it says %v, %v", c.name, again.Results[0].Warnings, err)
		}
	}
}
