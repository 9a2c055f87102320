package ledger

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func create(t *testing.T, max int64) (*Writer, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger")
	w, err := Create(path, max)
	if err != nil {
		t.Fatal(err)
	}
	return w, path
}

func closeLedger(t *testing.T, w *Writer) {
	t.Helper()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// isFull says whether an append of an open ledger found no room.
func isFull(w *Writer) bool { return atomic.LoadUint64(&w.head[headDropped]) > 0 }

// read returns the evidence of a ledger that must be whole.
func read(t *testing.T, path string) *Evidence {
	t.Helper()
	e, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if e.Cut != "" {
		t.Fatalf("the ledger is cut: %s", e.Cut)
	}
	return e
}

// write puts evidence into a ledger, as a trial would.
func write(w *Writer, e *Evidence) {
	lanes := make([]*Lane, len(e.Lanes))
	for i, info := range e.Lanes {
		lanes[i] = w.Lane(info)
	}
	for lane, ops := range e.Ops {
		for _, o := range ops {
			ref := lanes[lane].Begin(o.Msg, o.Topic, o.Size, o.Intended, o.Began)
			if o.Ended != 0 {
				lanes[lane].End(ref, o.Ended, o.Outcome, o.Cause)
			}
		}
	}
	for lane, ds := range e.Deliveries {
		for _, d := range ds {
			lanes[lane].Deliver(d.Msg, d.At)
		}
	}
	r := &renamer{&printer{e: e}, w}
	for _, s := range e.Subscriptions {
		w.Add(&Subscription{Lane: s.Lane, Topics: s.Topics, From: s.From})
		if s.Until != 0 {
			w.Add(&Subscription{Lane: s.Lane, Until: s.Until, Policy: s.Policy, Draining: s.Draining})
		}
	}
	if d := e.Drain; d != nil {
		w.Add(&Drain{Began: d.Began, Idle: d.Idle})
		if d.Ended != 0 {
			r.add(d)
		}
	}
	for _, of := range rows {
		if of.records != nil && of.kind != kindSubscribe && of.kind != kindDrain {
			of.records(e, r.add)
		}
	}
}

// A renamer adds records of one ledger to another, whose names have numbers of their own.
type renamer struct {
	*printer // for what it leaves alone
	w        *Writer
}

func (r *renamer) add(x Record) {
	x.fields(&visitor{inText: r})
	r.w.Add(x)
}

func (r *renamer) name(_ field, n Name) Name { return r.w.Name(r.e.Text(n)) }

func TestEveryKindIsReadBack(t *testing.T) {
	whole, _, _ := strings.Cut(sample, "full\n")
	want, err := ParseText("ledger text", whole)
	if err != nil {
		t.Fatal(err)
	}
	w, path := create(t, 0)
	write(w, want)
	closeLedger(t, w)
	if got := Format(read(t, path)); got != whole {
		t.Errorf("read back:\n%s\nwritten:\n%s", got, whole)
	}
}

func TestAppendContinues(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	const phases, ops = 4, 100
	for phase := range phases {
		w, err := Append(path, 0) // the first one creates it
		if err != nil {
			t.Fatal(err)
		}
		l := w.Lane(LaneInfo{Name: fmt.Sprint("client-", phase), Group: "clients", Op: "put"})
		if l.Index() != phase {
			t.Errorf("phase %d got lane %d", phase, l.Index())
		}
		for i := range ops {
			l.End(l.Begin(NewMsgID(l.Index(), int64(i+1)), 0, 1, 0, 1), 2, Accepted, 0)
		}
		w.Add(&Phase{Index: phase, Name: w.Name("serve")})
		closeLedger(t, w)
	}
	e := read(t, path)
	if len(e.Lanes) != phases || len(e.Phases) != phases || e.Records < phases*ops {
		t.Fatalf("%d lanes, %d phases, %d records", len(e.Lanes), len(e.Phases), e.Records)
	}
	for i := range phases {
		if len(e.Ops[i]) != ops || e.Lanes[i].Name != fmt.Sprint("client-", i) {
			t.Errorf("lane %d is %q with %d operations", i, e.Lanes[i].Name, len(e.Ops[i]))
		}
		if e.Text(e.Phases[i].Name) != "serve" || e.Phases[i].Name != e.Phases[0].Name {
			t.Errorf("phase %d has name %d, %q", i, e.Phases[i].Name, e.Text(e.Phases[i].Name))
		}
	}
}

func TestOneProcessAtATimeWrites(t *testing.T) {
	w, path := create(t, 0)
	if _, err := Create(path, 0); err == nil {
		t.Error("Create took over a ledger that was there")
	}
	if _, err := Append(path, 0); err == nil || !strings.Contains(err.Error(), "another process is writing it") {
		t.Errorf("Append beside a living writer: %v", err)
	}
	closeLedger(t, w)
	again, err := Append(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	closeLedger(t, again)
}

func TestLanesAreWrittenAtOnce(t *testing.T) {
	w, path := create(t, 0)
	const lanes, ops = 8, 5000
	var wg sync.WaitGroup
	for range lanes {
		l := w.Lane(LaneInfo{Name: "c", Op: "put"})
		wg.Go(func() {
			for i := range ops {
				m := NewMsgID(l.Index(), int64(i+1))
				ref := l.Begin(m, 3, int64(i), 1, time.Duration(i))
				l.Deliver(m, time.Duration(i))
				l.End(ref, time.Duration(i+1), Refused, Overloaded)
				if i%100 == 0 {
					w.Add(&Gauge{Name: w.Name(fmt.Sprint("depth ", i)), Value: int64(i)})
				}
			}
		})
	}
	// A reader of a living ledger sees a true prefix at any moment.
	for range 50 {
		e, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if e.Cut != "" {
			t.Fatalf("while it was written: cut %q", e.Cut)
		}
	}
	wg.Wait()
	closeLedger(t, w)
	e := read(t, path)
	if want := lanes * ops / 100; len(e.Gauges) != want {
		t.Errorf("%d gauges, want %d", len(e.Gauges), want)
	}
	for lane := range lanes {
		if len(e.Ops[lane]) != ops || len(e.Deliveries[lane]) != ops {
			t.Fatalf("lane %d: %d operations, %d deliveries", lane, len(e.Ops[lane]), len(e.Deliveries[lane]))
		}
		for i, o := range e.Ops[lane] {
			want := Op{
				Msg: NewMsgID(lane, int64(i+1)), Topic: 3, Size: int64(i), Intended: 1, Began: time.Duration(i),
				Ended: time.Duration(i + 1), Outcome: Refused, Cause: Overloaded,
			}
			if o != want || e.Deliveries[lane][i].Msg != want.Msg {
				t.Fatalf("lane %d: %+v, want %+v", lane, o, want)
			}
		}
	}
}

func TestAppendsDoNotAllocate(t *testing.T) {
	w, _ := create(t, 0)
	defer closeLedger(t, w)
	l := w.Lane(LaneInfo{Name: "c"})
	n := int64(0)
	if allocs := testing.AllocsPerRun(1000, func() {
		n++
		l.End(l.Begin(NewMsgID(0, n), 0, 1, 2, 3), 4, Accepted, 0)
		l.Deliver(NewMsgID(0, n), 5)
		w.Add(&Gauge{Name: 1, Value: n})
		w.Add(&Wire{Msg: NewMsgID(0, n)})
		w.Add(&Drain{Ended: 1, How: DrainFailed})
	}); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestLongTextsAreCutAndSaySo(t *testing.T) {
	w, path := create(t, 0)
	exact := strings.Repeat("é", maxText/2)
	long := strings.Repeat("é", maxText)
	w.Add(&Mark{Who: w.Name(exact), Text: w.Name(long)})
	if w.Name(long) != w.Name(long) { // the second call finds what the first one kept
		t.Error("the same text has two names")
	}
	closeLedger(t, w)
	e := read(t, path)
	if got := e.Text(e.Marks[0].Who); got != exact {
		t.Errorf("a text of %d bytes came back with %d", len(exact), len(got))
	}
	got := e.Text(e.Marks[0].Text)
	if len(got) > maxText || len(got) < maxText-1 || !strings.HasSuffix(got, "é … (cut: 131072 bytes in all)") {
		t.Errorf("a long text came back with %d bytes, ending %q", len(got), got[len(got)-40:])
	}
}

func TestFullIsNeverSilent(t *testing.T) {
	w, path := create(t, 10*chunkSize)
	l := w.Lane(LaneInfo{Name: "c", Op: "put"})
	const room = 8 * chunkRecords // less the header and the shared lane's chunk
	var refs [room + 100]OpRef
	for i := range refs {
		refs[i] = l.Begin(NewMsgID(0, int64(i+1)), 0, 1, 0, 1)
		if full := i >= room; isFull(w) != full {
			t.Fatalf("after %d records Full is %v", i+1, isFull(w))
		}
	}
	for _, ref := range refs {
		l.End(ref, 2, Accepted, 0)
	}
	closeLedger(t, w)
	if e := read(t, path); !e.Full || len(e.Ops[0]) != room || e.Ops[0][room-1].Outcome != Accepted {
		t.Errorf("Full is %v with %d operations, want %d", e.Full, len(e.Ops[0]), room)
	}
	parent, err := Append(path, 1)
	if err != nil {
		t.Fatal(err)
	}
	parent.Add(&Phase{Name: parent.Name("serve"), Ended: true, Status: 3})
	closeLedger(t, parent)
	if e := read(t, path); !e.Full || len(e.Phases) != 1 || e.Phases[0].Status != 3 {
		t.Errorf("Full is %v, phases %+v: a full ledger took no exit status", e.Full, e.Phases)
	}
}

func TestAppendsAfterCloseDoNoHarm(t *testing.T) {
	w, path := create(t, 0)
	l := w.Lane(LaneInfo{Name: "c", Op: "put"})
	ref := l.Begin(NewMsgID(0, 1), 0, 1, 0, 1)
	closeLedger(t, w)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	l.End(ref, 2, Accepted, 0)
	for i := range 10 * segmentChunks * chunkRecords {
		l.Deliver(NewMsgID(0, int64(i+1)), 1)
	}
	w.Add(&Gauge{Name: w.Name("late")})
	w.Lane(LaneInfo{Name: "late"}).Deliver(1, 1)
	if err := w.Close(); err != nil {
		t.Errorf("a second Close: %v", err)
	}
	after, err := os.ReadFile(path)
	if err != nil || string(after) != string(before) {
		t.Errorf("the file changed after Close: %v", err)
	}
	if len(before) != 3*chunkSize {
		t.Errorf("the file has %d bytes, want three chunks: header, shared and one lane", len(before))
	}
	if e := read(t, path); e.Ops[0][0].Ended != 0 || e.Ops[0][0].Outcome != Unknown {
		t.Errorf("the open operation reads %+v", e.Ops[0][0])
	}
}

// The idle time of a drain is that of its begin, whatever the record of its end says.
func TestIdleTimeIsReadBack(t *testing.T) {
	w, path := create(t, 0)
	w.Add(&Drain{Began: 10, Idle: 3})
	w.Add(&Drain{Ended: 20, How: DrainReturned})
	w.Add(&Access{Number: 1, Kind: SnapshotAccess, Msg: NewMsgID(0, 1), At: 5, Idle: 2})
	w.Add(&Access{Number: 1, Ended: true, At: 15, Idle: 7})
	closeLedger(t, w)
	e, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if e.Drain.Idle != 3 || e.Drain.Ended != 20 || len(e.Accesses) != 2 || e.Accesses[0].Idle != 2 || e.Accesses[1].Idle != 7 {
		t.Errorf("read back: %+v, %+v", e.Drain, e.Accesses)
	}
}
