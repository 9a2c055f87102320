package ledger

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sampleBytes is a ledger of three processes with lanes of several chunks.
func sampleBytes(tb testing.TB) []byte {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "ledger")
	for range 3 {
		w, err := Append(path, 0)
		if err != nil {
			tb.Fatal(err)
		}
		a, b := w.Lane(LaneInfo{Name: "publish", Op: "publish"}), w.Lane(LaneInfo{Name: "subscribe", Op: "subscribe"})
		w.Add(&Subscription{Lane: b.Index(), Topics: 1})
		for i := range int64(3 * chunkRecords / 2) {
			m := NewMsgID(a.Index(), i+1)
			a.End(a.Begin(m, 0, 8, 0, 1), 2, Accepted, 0)
			b.Deliver(m, 3)
			w.Add(&Discard{Msg: m, Lane: -1, Where: w.Name(strings.Repeat("x", int(i)))})
		}
		w.Add(&Drain{Began: 4})
		w.Add(&Drain{Ended: 5, How: DrainReturned})
		if err := w.Close(); err != nil {
			tb.Fatal(err)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func readBytes(data []byte) (*Evidence, error) {
	r := newReader(bytes.NewReader(data), int64(len(data)), false)
	err := r.read()
	return r.e, err
}

// isPrefix says whether every list of e begins the same list of whole.
func isPrefix(e, whole *Evidence) bool {
	ok := len(e.Lanes) <= len(whole.Lanes) && len(e.Discards) <= len(whole.Discards) && slices.Equal(e.Discards, whole.Discards[:len(e.Discards)])
	for i := range e.Lanes {
		ok = ok && len(e.Ops[i]) <= len(whole.Ops[i]) && slices.Equal(e.Ops[i], whole.Ops[i][:len(e.Ops[i])])
		ok = ok && slices.Equal(e.Deliveries[i], whole.Deliveries[i][:min(len(e.Deliveries[i]), len(whole.Deliveries[i]))])
	}
	return ok && len(e.texts) <= len(whole.texts) && slices.Equal(e.texts, whole.texts[:len(e.texts)])
}

func TestCutAnywhereIsATruePrefix(t *testing.T) {
	data := sampleBytes(t)
	whole, err := readBytes(data)
	if err != nil || whole.Cut != "" || len(whole.Lanes) != 6 {
		t.Fatalf("the whole ledger: %v, %+v", err, whole)
	}
	records := int64(-1)
	for n := 1; n < len(data); n += 7 { // seven meets every place in a record
		e, err := readBytes(data[:n])
		if err != nil {
			t.Fatalf("cut at %d: %v", n, err)
		}
		if e.Cut == "" {
			t.Fatalf("cut at %d of %d: Cut is empty", n, len(data))
		}
		if !isPrefix(e, whole) || e.Records < records || e.Records > int64(n/recordSize) {
			t.Fatalf("cut at %d: not a prefix, with %d records after %d", n, e.Records, records)
		}
		records = e.Records
	}
}

// recordAt finds the n-th record of a lane of the file.
func recordAt(t *testing.T, data []byte, lane int, number uint32) []byte {
	t.Helper()
	for at := chunkSize; at < len(data); at += recordSize {
		var rec record
		rec[0] = binary.NativeEndian.Uint64(data[at:])
		if rec[0] != 0 && rec.lane() == lane && rec.number() == number {
			return data[at : at+recordSize]
		}
	}
	t.Fatalf("no record %d of lane %d", number, lane)
	return nil
}

func TestCutSaysWhereAndWhy(t *testing.T) {
	data := sampleBytes(t)
	whole, err := readBytes(data)
	if err != nil {
		t.Fatal(err)
	}
	put := binary.NativeEndian.PutUint64
	for _, c := range []struct {
		name   string
		damage func(b []byte) []byte
		want   string
	}{
		{"cut inside a record", func(b []byte) []byte { return b[:bytes.Index(b, recordAt(t, b, 5, 70))+10] },
			"the ledger ends in the middle of record 70 of lane publish: cut at "},
		{"cut inside the header", func(b []byte) []byte { return b[:40] }, "the ledger ends inside its header: cut at 40 of 4096 bytes"},
		{"header never finished", func(b []byte) []byte { put(b, 0); return b }, "the ledger was made, but its header was never finished"},
		{"a zero page", func(b []byte) []byte { clear(recordAt(t, b, 1, 1)[:chunkSize:chunkSize]); return b },
			"record 65 of lane publish where 1 was due"},
		{"a zero record", func(b []byte) []byte { clear(recordAt(t, b, 1, 3)); return b }, "an empty record stands before a full one"},
		{"a record of another lane", func(b []byte) []byte { copy(recordAt(t, b, 1, 3), recordAt(t, b, 2, 3)); return b },
			"a record of lane subscribe in a chunk of lane publish"},
		{"a record twice", func(b []byte) []byte { copy(recordAt(t, b, 1, 3), recordAt(t, b, 1, 2)); return b },
			"record 2 of lane publish where 3 was due"},
		{"a message of another lane", func(b []byte) []byte { put(recordAt(t, b, 1, 3)[8:], uint64(NewMsgID(2, 3))); return b },
			"message 2#3 where 0#3 was due"},
		{"an outcome that there is not", func(b []byte) []byte { put(recordAt(t, b, 1, 3)[48:], opDone|9<<outcomeShift); return b },
			"an operation with outcome 9"},
		{"a lane without a description", func(b []byte) []byte {
			rec := recordAt(t, b, 1, 1)
			put(rec, binary.NativeEndian.Uint64(rec)|999<<laneShift)
			return b
		}, "of which there is no description"},
		{"garbage after the end", func(b []byte) []byte { return append(b, "garbage!"...) }, "there are 8 bytes that nobody claimed"},
	} {
		e, err := readBytes(c.damage(slices.Clone(data)))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if !strings.Contains(e.Cut, c.want) || !isPrefix(e, whole) {
			t.Errorf("%s: Cut is %q, want %q", c.name, e.Cut, c.want)
		}
	}
}

// A header that counts more chunks than any file holds, or none, is damage like any other.
func TestNoCountOfChunksIsBelieved(t *testing.T) {
	data := sampleBytes(t)
	whole, err := readBytes(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []uint64{0, 1, 1 << 50, 1 << 60, 1 << 63, 1<<64 - 1} {
		damaged := slices.Clone(data)
		binary.NativeEndian.PutUint64(damaged[headChunks*8:], n)
		if e, err := readBytes(damaged); err != nil || e.Cut == "" || !isPrefix(e, whole) {
			t.Errorf("%d chunks: error %v, cut %q", n, err, e.Cut)
		}
	}
}

// growing is a ledger whose header counts one chunk less until it was read once.
type growing struct {
	*bytes.Reader
	head []byte
	more bool // it has been claimed by the time of the second look
	read bool
}

func (g *growing) ReadAt(buf []byte, at int64) (int, error) {
	if at == 0 && (!g.read || !g.more) {
		g.read = true
		return copy(buf, g.head), nil
	}
	return g.Reader.ReadAt(buf, at)
}

// A chunk that its writer claimed while the ledger was read is no damage; one that nobody claimed is.
func TestAChunkClaimedMeanwhileIsNoDamage(t *testing.T) {
	data := sampleBytes(t)
	head := slices.Clone(data[:recordSize])
	binary.NativeEndian.PutUint64(head[headChunks*8:], binary.NativeEndian.Uint64(head[headChunks*8:])-1)
	for _, more := range []bool{true, false} {
		r := newReader(&growing{Reader: bytes.NewReader(data), head: head, more: more}, int64(len(data)), false)
		if err := r.read(); err != nil || (r.e.Cut == "") != more {
			t.Errorf("claimed meanwhile: %v; error %v, cut %q", more, err, r.e.Cut)
		}
	}
}

func TestUnknownKindsAreSkipped(t *testing.T) {
	data := sampleBytes(t)
	whole, err := readBytes(data)
	if err != nil {
		t.Fatal(err)
	}
	rec := recordAt(t, data, 2, 5) // a delivery: leaving one out shifts no operation
	rec[0] = 200
	e, err := readBytes(data)
	if err != nil || e.Cut != "" || len(e.Deliveries[1]) != len(whole.Deliveries[1])-1 || e.Records != whole.Records {
		t.Errorf("error %v, cut %q, %d deliveries", err, e.Cut, len(e.Deliveries[1]))
	}
}

func TestRoomOfAKilledProcessIsNoDamage(t *testing.T) {
	data := append(sampleBytes(t), make([]byte, segmentSize)...)
	e, err := readBytes(data)
	if err != nil || e.Cut != "" {
		t.Errorf("error %v, cut %q", err, e.Cut)
	}
}

func TestForeignFilesAreErrors(t *testing.T) {
	newer := sampleBytes(t)
	binary.NativeEndian.PutUint64(newer[8:], headFormat+1)
	for name, c := range map[string]struct{ data, want string }{
		"empty":   {"", "the file is empty: nothing was recorded"},
		"short":   {"{}", "the file is not a ledger"},
		"foreign": {strings.Repeat("schema: 1\n", 1000), "the file is not a ledger"},
		"newer":   {string(newer), "the ledger has version 2, this racebench reads up to 1"},
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(c.data), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path); err == nil || !strings.HasSuffix(err.Error(), name+": "+c.want) {
			t.Errorf("%s: Read says %v", name, err)
		}
		if c.data == "" {
			continue // Append may start there
		}
		if _, err := Append(path, 0); err == nil || !strings.HasSuffix(err.Error(), name+": "+c.want) {
			t.Errorf("%s: Append says %v", name, err)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != c.data {
			t.Errorf("%s: Append changed it", name)
		}
	}
}

func TestAppendRefusesADamagedLedger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	data := sampleBytes(t)
	for at := range 200 {
		broken := data[:len(data)-at*61-1]
		if err := os.WriteFile(path, broken, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Append(path, 0); err == nil || !strings.Contains(err.Error(), "it is damaged: the ledger ") {
			t.Fatalf("cut to %d bytes: %v", len(broken), err)
		}
	}
}

// FuzzRead damages a good ledger: it keeps its first bytes and then changes four bytes at a time, so
// that inputs stay small. An edit is the number of a record, a byte in it, and what flips there.
func FuzzRead(f *testing.F) {
	good := sampleBytes(f)
	f.Add(len(good), []byte{})
	f.Add(100, []byte{})
	f.Add(5*chunkSize+7, []byte{64, 0, 16, 255})
	f.Add(len(good), []byte{65, 0, 8, 1, 66, 0, 0, 3, 0, 0, 16, 9})
	f.Add(len(good), []byte{0, 0, 21, 255, 64, 1, 12, 255, 65, 1, 4, 255})
	f.Fuzz(func(t *testing.T, keep int, edits []byte) {
		data := slices.Clone(good)
		for ; len(edits) >= 4; edits = edits[4:] {
			at := (int(edits[0])|int(edits[1])<<8)*recordSize + int(edits[2])%recordSize
			data[at%len(data)] ^= edits[3]
		}
		if keep >= 0 && keep < len(data) {
			data = data[:keep]
		}
		e, err := readBytes(data)
		if err != nil {
			return
		}
		if e.Records > int64(len(data)/recordSize) {
			t.Errorf("%d records in %d bytes", e.Records, len(data))
		}
		for lane, ops := range e.Ops {
			for i, o := range ops {
				if o.Msg != NewMsgID(lane, int64(i+1)) {
					t.Fatalf("lane %d holds %v at %d", lane, o.Msg, i)
				}
			}
		}
		text := Format(e)
		again, err := ParseText("ledger text", text)
		if err != nil {
			t.Fatalf("%v in:\n%s", err, text)
		}
		if second := Format(again); second != text {
			t.Errorf("the text form is not stable:\n%s\n%s", text, second)
		}
	})
}

func FuzzParseText(f *testing.F) {
	f.Add(sample)
	f.Fuzz(func(t *testing.T, text string) {
		e, err := ParseText("ledger text", text)
		if err != nil {
			return
		}
		form := Format(e)
		again, err := ParseText("ledger text", form)
		if err != nil {
			t.Fatalf("%v in:\n%s", err, form)
		}
		if second := Format(again); second != form {
			t.Errorf("the text form is not stable:\n%s\n%s", form, second)
		}
	})
}
