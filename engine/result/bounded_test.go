package result_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/result"
)

// various is a simulated trial unlike any other: its schedule, its drain, what was noted, why it was void.
func various(index int) result.Trial {
	t := simulated(index)
	t.Seed = fmt.Sprint(index)
	t.Schedule.Hash = uint64(index)
	t.Drain = time.Duration(index+1) * 100
	switch index % 50 {
	case 0:
		t.Verdict, t.Void = result.Void, fmt.Sprintf("two runs of one schedule had %d steps and others", index)
	case 1:
		t.Notes = []string{fmt.Sprintf("task %d was late", index)}
	}
	return t
}

// Past the number of trials that are listed one by one the order does not matter either.
func TestFoldingManyIsCommutative(t *testing.T) {
	const n = 12_000
	var want string
	for i, parts := range []int{1, 2, 5} {
		order := rand.New(rand.NewPCG(uint64(i), 2)).Perm(n)
		whole := empty(n, result.Rules{})
		for part := range parts {
			one := empty(n, result.Rules{})
			for k := part; k < n; k += parts {
				one.Add(various(order[k]))
			}
			whole.Merge(one)
		}
		whole.Finish()
		got := encoded(t, whole)
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("in %d parts of another order it is another result", parts)
		}
	}
}

// Stored shards of more trials than are listed merge to the drains and reasons of one run of all of them.
func TestMergedShardsOfManyTrials(t *testing.T) {
	const n = 24_000
	for _, split := range []int{n / 2, n / 6} { // one shard may still list its trials
		campaigns := []*result.Campaign{empty(n, result.Rules{}), empty(split, result.Rules{}), empty(n-split, result.Rules{})}
		for i := range n {
			campaigns[0].Add(various(i))
			shard := 1
			if i >= split {
				shard = 2
			}
			campaigns[shard].Add(various(i))
		}
		var reports []*result.Report
		for i, c := range campaigns {
			c.Finish()
			r := reportOf(t, c)
			r.Seed = fmt.Sprint(i)
			r.Results[0].Engine = "sim"
			reports = append(reports, stored(t, r))
		}
		merged, err := result.Merge(reports[1:])
		if err != nil {
			t.Fatal(err)
		}
		want, got := reports[0].Results[0], merged.Results[0]
		if a, b := asJSON(t, want.Drain), asJSON(t, got.Drain); a != b {
			t.Errorf("cut at %d: drains are %s\nnot %s", split, b, a)
		}
		if a, b := asJSON(t, want.Void), asJSON(t, got.Void); a != b {
			t.Errorf("cut at %d: trials are void for %s\nnot %s", split, b, a)
		}
		if a, b := asJSON(t, want.Notes), asJSON(t, got.Notes); a != b || len(want.Notes) > 101 {
			t.Errorf("cut at %d: notes are %s\nnot %s", split, b, a)
		}
		near(t, "the median drain", float64(want.Drain.P50NS), n*100/2, n*100/2/500)
		near(t, "the longest drain", float64(want.Drain.MaxNS), n*100, 0)
		if want.Drain.Histogram == "" || want.Drain.Count != got.Drain.Count || len(want.Void) > 101 {
			t.Errorf("the drains are %+v; %d reasons", want.Drain, len(want.Void))
		}
		valid := int64(n - n/50)
		if s := want.Schedules; s.Distinct != valid || s.DistinctIs != "" {
			t.Errorf("the whole had %+v", s)
		}
		if s := got.Schedules; s.Distinct != valid || s.DistinctIs != "at most" {
			t.Errorf("the shards had %+v", s)
		}
	}
}

// A search of hours plays hundreds of millions of schedules: what it keeps of clean ones must not grow.
func TestMemoryDoesNotGrowWithTrials(t *testing.T) {
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	c := empty(1, result.Rules{})
	const full, more = 140_000, 100_000 // by then everything is as large as it becomes
	for i := range full {
		c.Add(various(i))
	}
	before := heap()
	for i := range more {
		c.Add(various(full + i))
	}
	if grown := heap() - before; grown > more {
		t.Errorf("%d more trials took %d more bytes", more, grown)
	}
	c.Finish()
	row := reportOf(t, c).Results[0]
	valid := float64(full+more) * 49 / 50
	if row.Schedules.DistinctIs != "estimate" {
		t.Errorf("schedules are %+v", row.Schedules)
	}
	near(t, "the number of schedules", float64(row.Schedules.Distinct), valid, 0.015*valid)
}
