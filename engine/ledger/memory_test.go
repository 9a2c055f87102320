package ledger

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestMemoryLedgerIsEmptiedByReset(t *testing.T) {
	w, err := NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	for round := range 3 {
		w.Reset()
		lane := w.Lane(LaneInfo{Name: "p-0", Group: "p", Op: "publish"})
		n := 100 * (round + 1)
		for i := range n {
			ref := lane.Begin(NewMsgID(0, int64(i+1)), 0, 1, time.Duration(i), time.Duration(i))
			lane.End(ref, time.Duration(i+1), Accepted, 0)
		}
		w.Add(&Mark{Who: w.Name("me"), Text: w.Name("a remark"), At: 5})
		e, err := w.Evidence()
		if err != nil {
			t.Fatal(err)
		}
		if e.Cut != "" || e.Full || len(e.Lanes) != 1 || len(e.Ops[0]) != n || len(e.Marks) != 1 || e.Text(e.Marks[0].Text) != "a remark" {
			t.Fatalf("round %d: %d lanes, %d ops, %d marks, cut %q", round, len(e.Lanes), len(e.Ops[0]), len(e.Marks), e.Cut)
		}
	}
}

func TestMemoryLedgerIsTheFileItWouldBe(t *testing.T) {
	w, err := NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	lane := w.Lane(LaneInfo{Name: "p-0", Group: "p", Op: "publish"})
	lane.End(lane.Begin(NewMsgID(0, 1), 0, 1, 1, 1), 2, Accepted, 0)
	sameInAFile(t, w)
}

// sameInAFile compares what a ledger holds in memory with what is read of the file that it would be.
func sameInAFile(t *testing.T, w *Writer) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger")
	if err := os.WriteFile(path, w.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	kept, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	there, err := w.Evidence()
	if err != nil {
		t.Fatal(err)
	}
	if a, b := Format(kept), Format(there); a != b {
		t.Errorf("kept:\n%s\nthere:\n%s", a, b)
	}
}

// Nothing of an earlier trial may be found in the room that its evidence leaves to the next.
func TestMemoryLedgerIsReadAfreshInOldRoom(t *testing.T) {
	w, err := NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	for round, lanes := range []int{3, 1, 4, 0, 2, 4} {
		t.Log("round", round)
		w.Reset()
		for l := range lanes {
			lane := w.Lane(LaneInfo{Name: fmt.Sprintf("p-%d", (l+round)%3), Group: "p", Op: "publish"})
			for i := range (l*7 + round*5) % 11 {
				lane.Begin(NewMsgID(l, int64(i+1)), 0, 1, time.Duration(i), time.Duration(i+1))
				lane.Deliver(NewMsgID(l, int64(i+1)), time.Duration(round))
			}
			if round%2 == l%2 {
				w.Add(&Subscription{Lane: l, Topics: 1, From: time.Duration(l)})
				w.Add(&Discard{Msg: NewMsgID(l, 1), Lane: l, Station: w.Name("there"), At: 3})
				w.Add(&Window{Name: w.Name(fmt.Sprint("window ", round)), Met: int64(l)})
				w.Add(&Signal{Number: 15, At: time.Duration(round)})
			}
		}
		if round == 2 {
			w.Add(&Drain{Began: 2})
			w.Add(&Drain{Ended: 5, How: DrainReturned})
			w.Add(&Audit{Lane: 1, At: 4})
			w.Add(&Value{Msg: 1, Key: 2})
			w.Add(&Mark{Who: w.Name("me"), Text: w.Name("a remark"), At: 5})
		}
		sameInAFile(t, w)
	}
}

func BenchmarkMemoryTrial(b *testing.B) {
	w, err := NewMemory()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		w.Reset()
		for l := range 5 {
			lane := w.Lane(LaneInfo{Name: "p-0", Group: "p", Op: "publish"})
			for i := range 6 {
				ref := lane.Begin(NewMsgID(l, int64(i+1)), 0, 1, 1, 1)
				lane.End(ref, 2, Accepted, 0)
			}
		}
		if _, err := w.Evidence(); err != nil {
			b.Fatal(err)
		}
	}
}
