package engine_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/search"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/trialtest"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
)

// stored is the report of some results as it comes back from a file. Times of day are told apart by a number.
func stored(t *testing.T, number int, folds ...*result.Campaign) *result.Report {
	t.Helper()
	r, err := result.NewReport(folds)
	if err != nil {
		t.Fatal(err)
	}
	r.Started = time.Unix(int64(number), 0).UTC()
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

// timeless is a report's results as JSON, without what the wall clock measured.
func timeless(t *testing.T, r *result.Report) string {
	t.Helper()
	for i := range r.Results {
		row := &r.Results[i]
		row.ElapsedNS = 0
		if row.Schedules != nil {
			row.Schedules.PerSecond = 0
		}
	}
	raw, err := json.MarshalIndent(r.Results, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// merged merges reports in some order.
func merged(t *testing.T, chance *rand.Rand, parts []*result.Report) *result.Report {
	t.Helper()
	chance.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	var sum result.Merger
	for _, part := range parts {
		if err := sum.Add(part); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := sum.Report()
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

// The parts of a search, merged in any order and run by any number of workers, are what the whole stores: what is
// void in one of them is replaced as the whole would.
func TestThePartsOfASearchAreTheWhole(t *testing.T) {
	const trials = 60
	chance := rand.New(rand.NewPCG(1, 2))
	for _, row := range []struct {
		variant, more string
		want          result.Verdict
	}{
		{"two-phase", "", result.Passed},
		{"gate-only", "", result.Breached},
		{"close-merged", "", result.Hung}, // each trial hangs: none is void
		{"gate-only", "known: [{class: no-lost-message/*, planted: true}]\n", result.Known},
		{"two-phase", "known: [{class: drain-ends/*, planted: true, rate: 25%}]\n", result.Missed},
		{"two-phase", "thresholds: [max(drain) < 1ns]\n", result.Missed},
	} {
		p := compile(t, "name: split\ntarget: broker\nengine: sim\nvariants: ["+row.variant+"]\n"+row.more)
		searched := func(shard batch.Shard, workers int, failFast bool) *result.Report {
			folds, _, err := search.SearchSchedules(t.Context(), []trial.Program{p}, []scenario.Seed{7},
				batch.Budget{Trials: trials, Shard: shard}, trial.Config{Catalog: catalog, Parallel: workers, FailFast: failFast})
			if err != nil {
				t.Fatal(err)
			}
			return stored(t, 100*shard.Of+shard.Number, folds...)
		}
		whole := searched(batch.Shard{}, 1, false)
		if of := whole.Results[0].Trials; (of.Void == 0) != (row.want == result.Hung) || of.Run < trials-1 || of.Planned != trials {
			t.Fatalf("%s: %+v: nothing is void, or not replaced", row.variant, of)
		}
		if whole.Verdict != row.want {
			t.Errorf("%s: %s, want %s", row.variant, whole.Verdict, row.want)
		}
		want := timeless(t, whole)
		if got := timeless(t, searched(batch.Shard{}, 5, false)); got != want {
			t.Errorf("%s: five workers found\n%s\nnot\n%s", row.variant, got, want)
		}
		for _, of := range []int{2, 3, 7} {
			var parts []*result.Report
			for number := 1; number <= of; number++ {
				parts = append(parts, searched(batch.Shard{Number: number, Of: of}, number, false))
			}
			if got := timeless(t, merged(t, chance, parts)); got != want {
				t.Errorf("%s in %d parts:\n%s\nis not\n%s", row.variant, of, got, want)
			}
		}
		for _, width := range []int{7, 40} {
			var parts []*result.Report
			of := (trials + width - 1) / width
			for number := 1; number <= of; number++ {
				parts = append(parts, searched(batch.Shard{Number: number, Of: of, Width: width}, number, false))
			}
			if got := timeless(t, merged(t, chance, parts)); got != want {
				t.Errorf("%s in parts of %d trials in a row:\n%s\nis not\n%s", row.variant, width, got, want)
			}
		}
		one, five := searched(batch.Shard{}, 1, true), searched(batch.Shard{}, 5, true)
		if a, b := timeless(t, one), timeless(t, five); a != b {
			t.Errorf("%s: --fail-fast with one worker\n%s\nand with five\n%s", row.variant, a, b)
		}
		early := one.Results[0].EndedEarly
		if failed := row.want == result.Hung || row.want == result.Breached; failed != (early == "fail-fast") || failed && one.Results[0].Trials.Run >= trials {
			t.Errorf("%s: --fail-fast ended it early by %q, with %+v", row.variant, early, one.Results[0].Trials)
		}
	}
}

// Trials that are judged from their ledgers add up to one result, however they are dealt out to parts.
func TestThePartsOfRecordedTrialsAreTheWhole(t *testing.T) {
	chance := rand.New(rand.NewPCG(3, 4))
	for _, variant := range []string{"good", "loses", "exits"} {
		folds, run := campaign(t, strings.Replace(trialtest.ToyWith(variant), "trials: 3", "trials: 8", 1), trial.Config{Keep: trial.KeepAll})
		dirs, err := rundir.OpenTrial(run.Path())
		if err != nil {
			t.Fatal(err)
		}
		judged := func(number int, mine func(i int) bool) *result.Report {
			c := result.NewCampaign(folds[0].Header, folds[0].Rules)
			for i, dir := range dirs {
				if !mine(i) {
					continue
				}
				one, err := trial.Judge(dir, trial.Config{Catalog: catalog})
				if err != nil {
					t.Fatal(err)
				}
				if one.Replacement == 0 {
					c.Trials.Planned++
				}
				if i%7 == 3 && one.Verdict != result.Void { // one that proved nothing, and was replaced by what is recorded
					void := result.Trial{Index: one.Index, Replacement: one.Replacement, Seed: "0", Verdict: result.Void, Void: "starved"}
					c.Add(void)
					one.Replacement++
				}
				c.Add(one)
			}
			c.Finish()
			return stored(t, number, c)
		}
		whole := judged(0, func(int) bool { return true })
		if n := whole.Results[0].Trials; n.Run != 8 || n.Void == 0 {
			t.Fatalf("%s: %+v", variant, n)
		}
		want := timeless(t, whole)
		for _, of := range []int{2, 3, 7} {
			var parts []*result.Report
			for part := range of {
				parts = append(parts, judged(1+part, func(i int) bool { return i%of == part }))
			}
			if got := timeless(t, merged(t, chance, parts)); got != want {
				t.Errorf("%s in %d parts:\n%s\nis not\n%s", variant, of, got, want)
			}
		}
	}
}
