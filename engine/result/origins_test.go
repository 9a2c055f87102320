package result_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/result"
)

// What no part of a run can be is refused, and the parts that are missing are counted, however many a damaged file asks for.
func TestPartsThatAreNone(t *testing.T) {
	for shard, want := range map[string]string{
		"banana": `its shard is "banana"`, "1/": `its shard is "1/"`, "0/0": "no run has 0 shards", "0/2": "there is no shard 0/2",
		"3/2": "there is no shard 3/2", "1/-1": "no run has -1 shards", "1/1": "", "2/2000000000": "",
	} {
		h := header()
		h.Shard = shard
		sum, err := result.Merge([]*result.Report{reportOf(t, result.NewCampaign(h, result.Rules{}))})
		if want != "" {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s", shard, err, want)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		says := "1 of 2000000000 shards: 1/2000000000, 3/2000000000, 4/2000000000, 5/2000000000, 6/2000000000, 7/2000000000, 8/2000000000, 9/2000000000, 1999999991 more are missing"
		if got := slices.ContainsFunc(sum.Results[0].Warnings, func(w result.RowWarning) bool { return strings.Contains(w.Summary, says) }); got != (shard != "1/1") {
			t.Errorf("%s: %+v", shard, sum.Results[0].Warnings)
		}
	}
}

// TestARunInAMergeIsNotAddedAgain, also where the merge has all parts of its run and nothing of its rows tells that they were
// cut.
func TestARunInAMergeIsNotAddedAgain(t *testing.T) {
	part := func(shard string, second int) *result.Report {
		r := partOf(t, shard, result.Rules{}, func(*result.Trial) {})
		r.Started = time.Unix(int64(second), 0)
		return r
	}
	merge := func(all ...*result.Report) *result.Report {
		t.Helper()
		sum, err := result.Merge(all)
		if err != nil {
			t.Fatal(err)
		}
		return stored(t, sum)
	}
	one, two := part("1/2", 10), part("2/2", 20)
	whole := merge(two, one)
	if len(whole.Merged) != 2 || !whole.Merged[0].Started.Before(whole.Merged[1].Started) || whole.Verdict != result.Passed {
		t.Fatalf("merged from %+v: %s", whole.Merged, whole.Verdict)
	}
	for _, again := range []*result.Report{one, two, whole, merge(whole)} {
		if _, err := result.Merge([]*result.Report{again, whole}); err == nil || !strings.Contains(err.Error(), "would count twice") {
			t.Errorf("with %d trials of its own again: %v", again.Results[0].Trials.Run, err)
		}
	}
	other := part("", 30)
	if sum := merge(whole, other); len(sum.Merged) != 3 || sum.Results[0].Trials.Run != whole.Results[0].Trials.Run+other.Results[0].Trials.Run {
		t.Errorf("with another run: %+v of %+v", sum.Results[0].Trials, sum.Merged)
	}
	if alone := merge(other); alone.Merged != nil {
		t.Errorf("a run alone is merged from %+v", alone.Merged)
	}
}
