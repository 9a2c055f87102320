package ledger

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// versionOne returns the ledger of testdata/version1.txt, which holds what sample says.
func versionOne(t *testing.T) []chunk {
	t.Helper()
	data, err := os.ReadFile("testdata/version1.txt")
	if err != nil {
		t.Fatal(err)
	}
	var chunks []chunk
	for line := range strings.Lines(string(data)) {
		words := strings.Fields(line)
		if words[0] == "#" {
			continue
		}
		var n []uint64
		for i, w := range words {
			base := 16
			if i < 2 {
				base = 10 // chunk and record
			}
			word, err := strconv.ParseUint(w, base, 64)
			if err != nil {
				t.Fatal(err)
			}
			n = append(n, word)
		}
		for len(chunks) <= int(n[0]) {
			chunks = append(chunks, chunk{})
		}
		copy(chunks[n[0]][n[1]][:], n[2:])
	}
	return chunks
}

// What was recorded by whatever racebench of this version is read by this one.
func TestRecordsOfTheFormatAreRead(t *testing.T) {
	e, err := readBytes(bytesOf(versionOne(t)))
	if err != nil || e.Cut != "" {
		t.Fatalf("error %v, cut %q", err, e.Cut)
	}
	want := ""
	for line := range strings.Lines(sample) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if i := slices.IndexFunc(rows, func(r row) bool { return r.word == word }); i >= 0 && rows[i].kind <= kindWaited {
			want += line
		}
	}
	if got := Format(e); got != want {
		t.Errorf("read:\n%s\nwant:\n%s", got, want)
	}
}

// What this racebench records can be read by any other of this version: every record has the words that it always had.
func TestRecordsStandAsTheyAlwaysDid(t *testing.T) {
	chunks := versionOne(t)
	e, err := readBytes(bytesOf(chunks))
	if err != nil {
		t.Fatal(err)
	}
	var was [kindsEnd][]record
	for _, c := range chunks[1:] {
		for _, r := range c {
			was[r.kind()] = append(was[r.kind()], r)
		}
	}
	for _, row := range rows {
		var is []record
		pack := func(x Record) {
			var rec record
			x.fields(&visitor{packs: true, rec: &rec})
			is = append(is, rec)
		}
		switch row.kind {
		case kindLane, kindOp, kindDeliver:
			continue // they have hand-written appends, and TestEveryKindIsReadBack
		case kindSubscribe:
			s := e.Subscriptions[0]
			pack(&Subscription{Lane: s.Lane, Topics: s.Topics, From: s.From})
			pack(&Subscription{Lane: s.Lane, Until: s.Until, Policy: s.Policy, Draining: s.Draining})
		case kindDrain:
			pack(&Drain{Began: e.Drain.Began, Idle: e.Drain.Idle})
			d := *e.Drain
			d.Began = 0
			pack(&d)
		default:
			row.records(e, pack)
		}
		if row.kind > kindWaited {
			continue // it came after the file was written
		}
		if len(is) == 0 || len(is) != len(was[row.kind]) {
			t.Errorf("%s: %d records, %d in the file", row.word, len(is), len(was[row.kind]))
			continue
		}
		for i, rec := range is {
			old := was[row.kind][i]
			old[0] &= 1<<laneShift - 1
			if rec != old {
				t.Errorf("%s: packed as %x, was %x", row.word, rec, old)
			}
		}
	}
}
