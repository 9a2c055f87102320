package result_test

import (
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/result"
)

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
