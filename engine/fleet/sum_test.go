package fleet

import (
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
)

func smallRows(t *testing.T) []Row {
	t.Helper()
	p := compiled(t, []byte("name: small\ntarget: broker\nengine: sim\n"), "two-phase", "reference")
	return RowsOf([]trial.Program{p}, []scenario.Seed{5}, 60, 20, began, config())
}

// What is missing is named, and never passes: a part that was lost, one that has not come, a row of which there is none.
func TestASumThatLacksPartsDoesNotPass(t *testing.T) {
	rows, p := smallRows(t), player(t)
	sum := NewSum(rows, false)
	for _, part := range []int{1, 3} {
		if err := sum.Add(0, part, played(t, p, rows[0].Job, part)); err != nil {
			t.Fatal(err)
		}
	}
	if sum.Complete() || !sum.Wants(0, 2) || sum.Wants(0, 1) || sum.Wants(0, 4) || sum.Wants(2, 1) || sum.Wants(-1, 1) {
		t.Error("the sum does not know what it waits for")
	}
	r, err := sum.Report("interrupted", config())
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != result.Untested || len(r.Results) != 2 {
		t.Fatalf("%s, %d rows", r.Verdict, len(r.Results))
	}
	some, none := r.Results[0], r.Results[1]
	if some.Verdict != result.Untested || some.EndedEarly != "interrupted" || some.Trials.Run == 0 || !strings.Contains(string(encoded(t, some.Warnings)), "2 of 3 shards: 2/3 is missing") {
		t.Errorf("a row that lacks a part: %s, ended by %q, %s", some.Verdict, some.EndedEarly, encoded(t, some.Warnings))
	}
	if none.Verdict != result.Untested || none.EndedEarly != "interrupted" || none.Trials.Run != 0 || none.Trials.Planned != 60 {
		t.Errorf("a row of which there is no part: %s, ended by %q, %+v", none.Verdict, none.EndedEarly, none.Trials)
	}
	for part := range 3 {
		sum.Lose(1, part+1, "no worker came to its end")
	}
	sum.Lose(0, 2, "no worker came to its end")
	if !sum.Complete() || sum.Count().Lost != 4 {
		t.Errorf("parts that will not come are waited for: %+v", sum.Count())
	}
	if err := sum.Add(0, 2, played(t, p, rows[0].Job, 2)); err != nil {
		t.Fatal(err)
	}
	if r, err = sum.Report("", config()); err != nil || r.Results[0].Verdict != result.Passed || r.Results[0].Parts != nil {
		t.Errorf("a part that came after all does not make the row whole: %+v, %v", r.Results[0].Parts, err)
	}
}

// With fail-fast, a part that will not come holds up those after it, and what they found counts in the end.
func TestAFindingBehindALostPartCounts(t *testing.T) {
	p := example(t, "broker", "gate-only")
	c := config()
	c.FailFast = true
	rows := RowsOf([]trial.Program{p}, []scenario.Seed{3}, 120, 40, began, c)
	sum := NewSum(rows, true)
	sum.Lose(0, 1, "gone")
	for _, part := range []int{2, 3} {
		if err := sum.Add(0, part, played(t, player(t), rows[0].Job, part)); err != nil {
			t.Fatal(err)
		}
	}
	r, err := sum.Report("parts that did not come", c)
	if err != nil || !r.Verdict.Finding() {
		t.Errorf("%v, %v", r.Verdict, err)
	}
}

// A result that is not that of its part is refused: a sum holds what was asked for.
func TestResultsOfSomethingElseAreRefused(t *testing.T) {
	rows, p := smallRows(t), player(t)
	good := func() *result.Report { return played(t, p, rows[0].Job, 2) }
	for name, change := range map[string]func(r *result.Report){
		"another part":     func(r *result.Report) { r.Results[0].Shard = "1/3" },
		"another cut":      func(r *result.Report) { r.Results[0].ShardWidth = 40 },
		"the whole":        func(r *result.Report) { r.Results[0].Shard, r.Results[0].ShardWidth = "", 0 },
		"another seed":     func(r *result.Report) { r.Results[0].Seed = "6" },
		"another variant":  func(r *result.Report) { r.Results[0].Variant = "gate-only" },
		"another scenario": func(r *result.Report) { r.Results[0].ScenarioHash = strings.Repeat("0", 32) },
		"another engine":   func(r *result.Report) { r.Results[0].Engine = "real" },
		"another build":    func(r *result.Report) { r.Tool.Build = "other" },
		"no row":           func(r *result.Report) { r.Results = nil },
		"two rows":         func(r *result.Report) { r.Results = append(r.Results, r.Results[0]) },
		"a time of day":    func(r *result.Report) { r.Started = began },
	} {
		sum, bad := NewSum(rows, false), good()
		change(bad)
		if err := sum.Add(0, 2, bad); err == nil {
			t.Errorf("%s was added", name)
		}
		if err := sum.Add(0, 2, good()); err != nil {
			t.Errorf("after %s: %v", name, err)
		}
	}
	if err := NewSum(rows, false).Add(0, 9, good()); err == nil {
		t.Error("a part that the job does not have was added")
	}
}
