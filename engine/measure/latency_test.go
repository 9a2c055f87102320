package measure

import (
	"testing"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

func TestMeasureRunsFromTheIntendedStart(t *testing.T) {
	e := &ledger.Evidence{
		Lanes: []ledger.LaneInfo{{Name: "publish-0", Group: "publish", Op: "publish"}, {Name: "sub-0", Group: "slow", Op: "subscribe"}},
		Ops: [][]ledger.Op{{
			{Msg: ledger.NewMsgID(0, 1), Intended: 1 * time.Millisecond, Began: 5 * time.Millisecond, Ended: 6 * time.Millisecond, Outcome: ledger.Accepted},
			{Msg: ledger.NewMsgID(0, 2), Intended: 2 * time.Millisecond, Began: 6 * time.Millisecond, Ended: 22 * time.Millisecond, Outcome: ledger.Accepted},
			{Msg: ledger.NewMsgID(0, 3), Intended: 3 * time.Millisecond, Began: 22 * time.Millisecond, Ended: 23 * time.Millisecond, Outcome: ledger.Refused},
			{Msg: ledger.NewMsgID(0, 4), Intended: 4 * time.Millisecond, Began: 23 * time.Millisecond},
		}, nil},
		Deliveries: [][]ledger.Delivery{nil, {{Msg: ledger.NewMsgID(0, 1), At: 9 * time.Millisecond}, {Msg: ledger.NewMsgID(9, 9), At: 9 * time.Millisecond}}},
		Phases:     []ledger.Phase{{Ready: true, At: 1 * time.Millisecond}},
		Loads:      []ledger.Load{{Lane: 0, Late: 2, Unsent: 7}},
	}
	latencies, through := Measure(e, 20*time.Millisecond, true)
	want := map[string]time.Duration{"publish steady": 5 * time.Millisecond, "publish drain": 20 * time.Millisecond, "slow steady": 8 * time.Millisecond}
	if len(latencies) != len(want) {
		t.Fatalf("got %d latencies, want %d", len(latencies), len(want))
	}
	for _, l := range latencies {
		key := l.Group + " " + l.Phase
		if got := time.Duration(l.Hist.Max()); got < want[key] || got > want[key]+want[key]/500 || l.Hist.TotalCount() != 1 {
			t.Errorf("%s: max %s of %d, want %s of 1", key, got, l.Hist.TotalCount(), want[key])
		}
	}
	p := through[0]
	if p.Sent != 4 || p.Accepted != 2 || p.Refused != 1 || p.Unknown != 1 || p.Late != 2 || p.Unsent != 7 || p.Steady != 1 || p.Window != 19*time.Millisecond {
		t.Errorf("throughput of publish: %+v", p)
	}
}

func TestAReopenIsNotMeasured(t *testing.T) {
	e := &ledger.Evidence{
		Lanes: []ledger.LaneInfo{{Name: "commit-0", Group: "commit", Op: "commit"}, {Name: "audit", Group: "audit", Op: "audit"}},
		Ops: [][]ledger.Op{{
			{Msg: ledger.NewMsgID(0, 1), Intended: 1 * time.Millisecond, Began: 1 * time.Millisecond, Ended: 6 * time.Millisecond, Outcome: ledger.Accepted},
		}, nil},
		Deliveries: [][]ledger.Delivery{nil, {{Msg: ledger.NewMsgID(0, 1), At: time.Second}}},
		Audit:      &ledger.Audit{Lane: 1},
	}
	latencies, through := Measure(e, 20*time.Millisecond, true)
	if len(latencies) != 1 || len(through) != 1 || latencies[0].Group != "commit" || through[0].Accepted != 1 {
		t.Errorf("measured %+v and %+v, want the commit and nothing of the audit", latencies, through)
	}
}

// A damaged ledger may have lost the record that describes a lane.
func TestALoadOfAnUnknownLaneIsNobodys(t *testing.T) {
	if latencies, through := Measure(&ledger.Evidence{Loads: []ledger.Load{{Lane: 3, Late: 1}}}, 0, false); len(latencies)+len(through) > 0 {
		t.Errorf("measured %+v and %+v", latencies, through)
	}
}

func TestRecorderKeepsWhatLiesOutsideItsRange(t *testing.T) {
	r := NewRecorder()
	r.Record(-time.Second)
	r.Record(time.Hour)
	if n := r.hist.TotalCount(); n != 2 {
		t.Fatalf("%d of 2 durations were counted", n)
	}
	if got := r.hist.Max(); got < result.HighestLatency {
		t.Errorf("an hour is counted as %s", time.Duration(got))
	}
}

func BenchmarkRecord(b *testing.B) {
	r := NewRecorder()
	b.ReportAllocs()
	d := time.Microsecond
	for b.Loop() {
		r.Record(d)
		d = (d*5 + 7) % (50 * time.Millisecond)
	}
}
