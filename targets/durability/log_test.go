package durability

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/trialtest"
	"github.com/racebench/racebench/engine/world"
)

// on runs body as the only task of a simulated world, in which nothing is preempted.
func on(t *testing.T, body func(t *world.Task)) {
	t.Helper()
	w := world.NewSim(world.SimOptions{Strategy: inTurn{}, MaxSteps: 1 << 30})
	if r := w.Simulate("test", body); r.Ending != world.Finished {
		t.Fatalf("the test's world ended by %d", r.Ending)
	}
}

type inTurn struct{}

func (inTurn) Next(s *world.State) int { return s.Default() }

// newMemory returns an empty folder for a task's world.
func newMemory(t *world.Task) *memory {
	m := &memory{}
	m.boot(t.World())
	return m
}

// fill appends records of sizes drawn from chance until the log holds so many bytes, and returns where each
// ends.
func fill(t *testing.T, task *world.Task, files Files, segment int64, bytes int64, chance *rand.Rand) (ends []int64) {
	t.Helper()
	l, err := openLog(task, files, segment)
	if err != nil {
		t.Fatal(err)
	}
	var before int64
	for before+l.size < bytes {
		name, size := l.name, l.size
		var batch []*request
		for range 1 + chance.IntN(5) {
			batch = append(batch, &request{offset: l.next + int64(len(batch)), msg: ledger.NewMsgID(1, l.next+int64(len(batch))), size: chance.Int64N(200)})
		}
		if err := l.append(task, batch); err != nil {
			t.Fatal(err)
		}
		if l.name != name {
			before += size
			size = segmentHeader
		}
		at := before + size
		for _, r := range batch {
			at += recordHeader + r.size
			ends = append(ends, at)
		}
	}
	l.close(task)
	return ends
}

// TestALogCutAtAnyByteIsItsWholeRecords cuts a log of 64 KiB at every byte and reopens it: it holds exactly
// the records that are whole, in order, and takes new ones.
func TestALogCutAtAnyByteIsItsWholeRecords(t *testing.T) {
	const size = 64 << 10
	on(t, func(task *world.Task) {
		m := newMemory(task)
		ends := fill(t, task, m, 1<<30, size, rand.New(rand.NewPCG(1, 2)))
		whole := m.files[0].data
		if len(whole) < size || ends[len(ends)-1] != int64(len(whole)) {
			t.Fatalf("the log has %d bytes, and its last record ends at %d", len(whole), ends[len(ends)-1])
		}
		want := 0
		step := 1
		if testing.Short() || trialtest.RaceBuild { // one task does it all
			step = 17
		}
		for cut := 0; cut <= len(whole); cut += step {
			for want < len(ends) && ends[want] <= int64(cut) {
				want++
			}
			files := newMemory(task)
			files.files = []*memoryFile{{m: files, name: m.files[0].name, named: true, data: whole[:cut:cut]}}
			got := 0
			r, err := recoverLog(task, files, func(s stored) {
				if got++; s.offset != int64(got) || s.msg != ledger.NewMsgID(1, int64(got)) {
					t.Fatalf("cut at %d: record %d is commit %d of %v", cut, got, s.offset, s.msg)
				}
			})
			if err != nil || got != want || r.next != int64(want)+1 || r.Beyond != 0 {
				t.Fatalf("cut at %d: %d records, next %d, %d beyond, error %v; want %d records", cut, got, r.next, r.Beyond, err, want)
			}
			if cut%61 == 0 || cut > len(whole)-300 {
				files.files[0].data = slices.Clone(whole[:cut])
				reopen(t, task, files, want)
			}
		}
	})
}

// reopen opens a cut log, appends to it, and wants everything to be there.
func reopen(t *testing.T, task *world.Task, files Files, records int) {
	t.Helper()
	l, err := openLog(task, files, 1<<30)
	if err == nil {
		err = l.append(task, []*request{{offset: int64(records) + 1, msg: 7}})
	}
	n := 0
	r, again := recoverLog(task, files, func(stored) { n++ })
	if err != nil || again != nil || n != records+1 || r.Torn != 0 || r.epoch < 1 {
		t.Fatalf("reopened with %d records and appended one: %d records, %d bytes torn, epoch %d, errors %v and %v; want %d records, 0 bytes, epoch 1 at least, no error",
			records, n, r.Torn, r.epoch, err, again, records+1)
	}
}

// TestSegments fills a log of many segments, damages it, and looks at what is recovered.
func TestSegments(t *testing.T) {
	const all, some, none = "all records", "some records", "no record"
	for name, tc := range map[string]struct {
		damage    func(m *memory)
		recovered string
		torn      bool // bytes after the last recovered record are no record
		beyond    bool // whole records stand after those bytes
	}{
		"nothing":         {func(*memory) {}, all, false, false},
		"a flipped bit":   {func(m *memory) { f := m.files[2]; f.data[len(f.data)/2] ^= 1 }, some, true, true},
		"a lost segment":  {func(m *memory) { m.files = append(m.files[:2:2], m.files[3:]...) }, some, true, true},
		"no first one":    {func(m *memory) { m.files = m.files[1:] }, none, true, true},
		"a short header":  {func(m *memory) { f := m.files[len(m.files)-1]; f.data = f.data[:7] }, some, true, false},
		"zeros at an end": {func(m *memory) { f := m.files[len(m.files)-1]; f.data = append(f.data, make([]byte, 100)...) }, all, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			on(t, func(task *world.Task) {
				m := newMemory(task)
				ends := fill(t, task, m, 1<<10, 8<<10, rand.New(rand.NewPCG(3, 4)))
				if len(m.files) < 5 {
					t.Fatalf("the log has %d segments, want at least 5", len(m.files))
				}
				tc.damage(m)
				n := 0
				r, err := recoverLog(task, m, func(s stored) { n++ })
				if err != nil {
					t.Fatalf("recover the log: %v", err)
				}
				recovered := some
				switch n {
				case 0:
					recovered = none
				case len(ends):
					recovered = all
				}
				if recovered != tc.recovered {
					t.Errorf("%s recovered (%d of %d), want %s", recovered, n, len(ends), tc.recovered)
				}
				if torn := r.Torn > 0; torn != tc.torn {
					t.Errorf("%d bytes torn, want some: %t", r.Torn, tc.torn)
				}
				if beyond := r.Beyond > 0; beyond != tc.beyond {
					t.Errorf("%d whole records after the torn bytes, want some: %t", r.Beyond, tc.beyond)
				}
				reopen(t, task, m, n)
			})
		})
	}
}

// TestTheLogTakesNoRecordOutOfTurn appends with a gap, and backwards.
func TestTheLogTakesNoRecordOutOfTurn(t *testing.T) {
	on(t, func(task *world.Task) {
		l, err := openLog(task, newMemory(task), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for _, offsets := range [][]int64{{2}, {0}, {1, 3}, {1, 1}} {
			var batch []*request
			for _, o := range offsets {
				batch = append(batch, &request{offset: o})
			}
			if err := l.append(task, batch); !errors.Is(err, errOutOfOrder) {
				t.Errorf("append commits %v: error %v, want %v", offsets, err, errOutOfOrder)
			}
		}
		if err := l.append(task, []*request{{offset: 1}, {offset: 2}}); err != nil {
			t.Error(err)
		}
	})
}

// TestAPowerCutLeavesWhatWasSynced cuts the power at random after writes of which some were synced.
func TestAPowerCutLeavesWhatWasSynced(t *testing.T) {
	kept, gone := 0, 0
	for seed := range uint64(300) {
		on(t, func(task *world.Task) {
			chance := rand.New(rand.NewPCG(seed, 5))
			m := newMemory(task)
			fill(t, task, m, 600, 2<<10, chance)
			synced := 0
			if _, err := recoverLog(task, m, func(stored) { synced++ }); err != nil {
				t.Fatal(err)
			}
			f := m.files[len(m.files)-1]
			tail := appendRecord(appendRecord(nil, int64(synced)+1, 1, 1, 40), int64(synced)+2, 1, 2, 40)
			if err := f.WriteAt(task, tail, int64(len(f.data))); err != nil {
				t.Fatal(err)
			}
			m.cutPower(chance)
			n := 0
			if _, err := recoverLog(task, m, func(s stored) {
				if n++; s.offset != int64(n) {
					t.Fatalf("seed %d: record %d is commit %d", seed, n, s.offset)
				}
			}); err != nil {
				t.Fatal(err)
			}
			switch {
			case n < synced:
				t.Fatalf("seed %d: %d of %d synced records are left", seed, n, synced)
			case n == synced:
				gone++
			case n == synced+2:
				kept++
			}
		})
	}
	if kept == 0 || gone == 0 {
		t.Errorf("of 300 tails that were not synced %d were kept and %d were gone: chance has no say", kept, gone)
	}
}

// FuzzRecover reads any bytes as a log: it never panics, and what it recovers it recovers again.
func FuzzRecover(f *testing.F) {
	f.Add([]byte(segmentMagic), 3)
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		on(t, func(task *world.Task) {
			m := newMemory(task)
			fill(t, task, m, 300, 900, rand.New(rand.NewPCG(6, 7)))
			if len(data) > 0 {
				file := m.files[len(data)%len(m.files)]
				copy(file.data[min(len(file.data)-1, max(0, cut%len(file.data))):], data)
			}
			first := 0
			if _, err := recoverLog(task, m, func(stored) { first++ }); err != nil {
				t.Fatal(err)
			}
			reopen(t, task, m, first)
		})
	})
}
