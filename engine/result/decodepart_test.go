package result_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/result"
)

// mergedFromFiles merges stored reports one by one, all of them read to the same memory.
func mergedFromFiles(t testing.TB, reports []*result.Report) *result.Report {
	t.Helper()
	var sum result.Merger
	var room []byte
	for _, r := range reports {
		raw, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		room = append(room[:0], raw...)
		part, err := result.DecodePart(room)
		if err != nil {
			t.Fatal(err)
		}
		if err := sum.Add(part); err != nil {
			t.Fatal(err)
		}
		for i := range room {
			room[i] = '?'
		}
	}
	merged, err := sum.Report()
	if err != nil {
		t.Fatal(err)
	}
	return merged
}

// What DecodePart takes to be a result is what Decode takes it to be, and what it refuses is refused in the same words:
// also when bytes of it are others, or gone.
func TestPartsAreReadAsEverythingIs(t *testing.T) {
	chance := rand.New(rand.NewPCG(3, 4))
	alone := func(r *result.Report, err error) string {
		if err != nil {
			return err.Error()
		}
		sum, err := result.Merge([]*result.Report{r})
		if err != nil {
			return err.Error()
		}
		return asJSON(t, sum)
	}
	const others = "0123456789-+.eE\"\\,:{}[] \n\x00é"
	for _, w := range worlds()[len(worlds())/2-4:] {
		raw, err := w.fold(t, 0, 1, plan(t, w, 4)).Encode()
		if err != nil {
			t.Fatal(err)
		}
		trials := bytes.Index(raw, []byte("per_trial"))
		for range 300 {
			changed := slices.Clone(raw)
			for range chance.IntN(3) {
				at := trials + chance.IntN(len(changed)-trials)
				if chance.IntN(4) == 0 {
					changed = slices.Delete(changed, at, min(len(changed), at+1+chance.IntN(40)))
				} else {
					changed[at] = others[chance.IntN(len(others))]
				}
			}
			part, partErr := result.DecodePart(changed)
			whole, wholeErr := result.Decode(changed)
			if got, want := alone(part, partErr), alone(whole, wholeErr); got != want {
				t.Fatalf("%s: of\n%s\nit makes\n%s\nnot\n%s", w.name, changed, got, want)
			}
		}
	}
}

// A layout of trials that is not that of Encode is read all the same, and so are numbers at their limits.
func TestTrialsInOtherLayouts(t *testing.T) {
	r := stored(t, reportOf(t, fold(2, result.Rules{}, clean(2)...)))
	raw, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range [][2]string{
		{`"trial": 1,`, `"trial":  1,`}, {`"trial": 1,`, `"trial": 1, "later": [{}],`}, {`"trial": 1,`, `"trial": 1e400,`},
		{`"trial": 1,`, `"trial": 01,`}, {`"trial": 1,`, `"trial": 99999999999999999999,`}, {`"per_trial"`, `"PER_TRIAL"`},
		{`"per_trial": [`, `"per_trial": null, "per_trial": [`}, {`"verdict": "passed"`, `"verdict": "great"`}, {"\n", "\r\n"},
	} {
		changed := bytes.ReplaceAll(raw, []byte(other[0]), []byte(other[1]))
		if bytes.Equal(changed, raw) {
			t.Fatalf("there is no %s", other[0])
		}
		part, partErr := result.DecodePart(changed)
		whole, wholeErr := result.Decode(changed)
		if fmt.Sprint(partErr) != fmt.Sprint(wholeErr) || partErr == nil && asJSON(t, part) != asJSON(t, whole) {
			t.Errorf("%s: %v, not %v", other[1], partErr, wholeErr)
		}
	}
}

// files are the stored parts of one simulated run.
func files(t testing.TB, parts, trials int) [][]byte {
	t.Helper()
	var all [][]byte
	for part := range parts {
		h := header()
		h.Engine, h.Shard = "sim", fmt.Sprintf("%d/%d", part+1, parts)
		c := result.NewCampaign(h, result.Rules{})
		c.Trials.Planned = trials
		for i := range trials {
			one := simulated(part + i*parts)
			one.Seed, one.Schedule.Hash = fmt.Sprint(1_000_000+one.Index), uint64(1+one.Index)
			c.Add(one)
		}
		c.Finish()
		r, err := result.NewReport([]*result.Campaign{c})
		if err != nil {
			t.Fatal(err)
		}
		r.Started = time.Unix(int64(part), 0)
		raw, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, raw)
	}
	return all
}

// Of the parts that were merged nothing stays but the sum, and of a trial that the sum does not list nothing is read but
// its line.
func TestMergingTakesTheRoomOfOnePart(t *testing.T) {
	const parts, trials = 40, 1_500
	all := files(t, parts, trials)
	var sum result.Merger
	add := func(raw []byte) {
		part, err := result.DecodePart(raw)
		if err != nil {
			t.Fatal(err)
		}
		if err := sum.Add(part); err != nil {
			t.Fatal(err)
		}
	}
	mem := func() (m runtime.MemStats) {
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m
	}
	const full = 29 // parts: by then trials that come last were let go twice, the second time just before
	for _, raw := range all[:full] {
		add(raw)
	}
	before := mem()
	for _, raw := range all[full:] {
		add(raw)
	}
	after := mem()
	const more = (parts - full) * trials
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 300*more {
		t.Errorf("%d more trials took %d more bytes", more, grown)
	}
	if made := after.Mallocs - before.Mallocs; made > 5*more {
		t.Errorf("%d more trials took %d allocations", more, made)
	}
	runtime.KeepAlive(all)
	merged, err := sum.Report()
	if err != nil {
		t.Fatal(err)
	}
	if row := merged.Results[0]; row.Trials.Run != parts*trials || row.Verdict != result.Passed || row.Schedules.Distinct != parts*trials {
		t.Errorf("%s, %+v, %+v", row.Verdict, row.Trials, row.Schedules)
	}
}

// A part and the whole run have trials in common, whichever comes first and whatever else the whole was merged with.
func TestAPartBesideTheWholeIsRefused(t *testing.T) {
	run := func(seed int, shard string, indices ...int) *result.Report {
		h := header()
		h.Engine, h.Shard, h.Seed = "sim", shard, fmt.Sprint(seed)
		c := result.NewCampaign(h, result.Rules{})
		for _, i := range indices {
			one := simulated(i)
			one.Seed = fmt.Sprint(seed*1000 + i)
			c.Add(one)
		}
		c.Finish()
		r := stored(t, reportOf(t, c))
		r.Seed, r.Started = h.Seed, time.Unix(int64(seed), int64(indices[0]))
		return r
	}
	merge := func(all ...*result.Report) *result.Report {
		m, err := result.Merge(all)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	part, whole := run(2, "2/3", 1, 4, 7), run(2, "", 0, 1, 2, 3, 4, 5, 6, 7, 8)
	for name, pair := range map[string][2]*result.Report{
		"the whole": {part, whole}, "the whole with another run": {part, merge(run(1, "", 0, 1), whole)},
		"the whole after another run": {part, merge(whole, run(1, "", 0, 1))},
	} {
		for _, order := range [][]*result.Report{{pair[0], pair[1]}, {pair[1], pair[0]}} {
			if _, err := result.Merge(order); err == nil || !bytes.Contains([]byte(err.Error()), []byte("would count twice")) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	merge(part, run(1, "", 0, 1), run(3, "2/3", 1, 4), run(2, "1/3", 0, 3, 6)) // each of them once
}

func BenchmarkMergeParts(b *testing.B) {
	const parts = 20
	all := files(b, parts, 10_000)
	var bytes int64
	for _, raw := range all {
		bytes += int64(len(raw))
	}
	b.SetBytes(bytes)
	b.ReportAllocs()
	for b.Loop() {
		var sum result.Merger
		for _, raw := range all {
			part, err := result.DecodePart(raw)
			if err == nil {
				err = sum.Add(part)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
		if _, err := sum.Report(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N*parts), "ms/part")
}

// A report of many rows takes no more room than it is long, whatever follows the trials of a row.
func TestManyRowsTakeTheRoomOfTheirTrials(t *testing.T) {
	const rows = 1_000
	var all []*result.Campaign
	for range rows {
		c := result.NewCampaign(header(), result.Rules{})
		c.Trials.Planned = 2
		for _, one := range clean(2) {
			c.Add(one)
		}
		c.Finish()
		all = append(all, c)
	}
	r, err := result.NewReport(all)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	part, err := result.DecodePart(raw)
	runtime.ReadMemStats(&after)
	if err != nil || len(part.Results) != rows || len(part.Results[rows-1].PerTrial) != 2 {
		t.Fatalf("%v: %d rows", err, len(part.Results))
	}
	if made := after.TotalAlloc - before.TotalAlloc; made > 30*uint64(len(raw)) {
		t.Errorf("%d bytes took %d", len(raw), made)
	}
}
