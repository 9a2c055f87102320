package measure

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/ledger"
)

const struckAt = 20 * time.Millisecond

func evidence(t *testing.T, text string) *ledger.Evidence {
	t.Helper()
	e, err := ledger.ParseText("the ledger", text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// measured writes what was measured, a line a row: latencies as op/group, phase, count and the greatest,
// to the histogram's three digits; counts as op/group and what is not zero.
func measured(e *ledger.Evidence, hasStruck bool) string {
	latencies, through := Measure(e, struckAt, hasStruck)
	var lines []string
	for _, l := range latencies {
		greatest := time.Duration(l.Hist.Max()).Round(100 * time.Microsecond)
		lines = append(lines, fmt.Sprintf("%s/%s %s %s %d %s", l.Op, l.Group, l.Phase, l.Clock, l.Hist.TotalCount(), greatest))
	}
	for _, c := range through {
		line := c.Op + "/" + c.Group
		for _, n := range []struct {
			name  string
			value int64
		}{
			{"sent", c.Sent}, {"accepted", c.Accepted}, {"refused", c.Refused}, {"unknown", c.Unknown},
			{"late", c.Late}, {"unsent", c.Unsent}, {"steady", c.Steady}, {"window", int64(c.Window / time.Millisecond)},
		} {
			if n.value != 0 {
				line += fmt.Sprintf(" %s=%d", n.name, n.value)
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// measureTable are ledgers and what they measure to.
var measureTable = []struct {
	name      string
	text      string
	want      string
	otherwise string // what the same ledger gives when nothing struck
}{
	{
		name: "an operation that ends at the strike is the drain's, one a nanosecond before is not",
		text: `lane 0 p-0 publish
				op 0#1 at=10ms..19.999999ms
				op 0#2 at=15ms..20ms`,
		want: `publish/publish steady wall 1 10ms
publish/publish drain wall 1 5ms
publish/publish sent=2 accepted=2 steady=1 window=20`,
		otherwise: `publish/publish steady wall 2 10ms
publish/publish sent=2 accepted=2 steady=2`,
	},
	{
		name: "an operation belongs to the phase in which it ended, with all of its time",
		text: `lane 0 p-0 publish
				op 0#1 at=19ms..50ms intended=1ms`,
		want: `publish/publish drain wall 1 49ms
publish/publish sent=1 accepted=1 window=20`,
		otherwise: `publish/publish steady wall 1 49ms
publish/publish sent=1 accepted=1 steady=1`,
	},
	{
		name: "a delivery is timed to its handler's return, whatever its sender learned",
		text: `lane 0 p-0 publish
				lane 1 s-0 subscribe as=laggards
				op 0#1 at=2ms..3ms intended=1ms
				op 0#2 at=4ms..
				op 0#3 at=5ms..6ms refused closed
				deliver 1 0#1 at=9ms
				deliver 1 0#2 at=24ms`,
		want: `publish/publish steady wall 1 2ms
subscribe/laggards steady wall 1 8ms
subscribe/laggards drain wall 1 20ms
publish/publish sent=3 accepted=1 refused=1 unknown=1 steady=1 window=20
subscribe/laggards accepted=2 steady=1 window=20`,
		otherwise: `publish/publish steady wall 1 2ms
subscribe/laggards steady wall 2 20ms
publish/publish sent=3 accepted=1 refused=1 unknown=1 steady=1
subscribe/laggards accepted=2 steady=2`,
	},
	{
		name: "only accepted operations have a latency",
		text: `lane 0 p-0 publish
				op 0#1 at=1ms..2ms refused overloaded
				op 0#2 at=3ms..4ms unknown timeout
				op 0#3 at=5ms..`,
		want:      `publish/publish sent=3 refused=1 unknown=2 window=20`,
		otherwise: `publish/publish sent=3 refused=1 unknown=2`,
	},
	{
		name: "lanes of a group are one row, in the order of first lanes; an op apart is a row apart",
		text: `lane 0 fast-0 publish as=fast
				lane 1 slow-0 publish as=slow
				lane 2 fast-1 publish as=fast
				lane 3 fast-2 read as=fast
				load 0 late=1 unsent=2
				load 2 late=10 unsent=20
				load 1 late=100
				op 2#1 at=1ms..2ms
				op 0#1 at=1ms..3ms
				op 1#1 at=1ms..4ms
				op 3#1 at=1ms..5ms`,
		want: `publish/fast steady wall 2 2ms
publish/slow steady wall 1 3ms
read/fast steady wall 1 4ms
publish/fast sent=2 accepted=2 late=11 unsent=22 steady=2 window=20
publish/slow sent=1 accepted=1 late=100 steady=1 window=20
read/fast sent=1 accepted=1 steady=1 window=20`,
		otherwise: `publish/fast steady wall 2 2ms
publish/slow steady wall 1 3ms
read/fast steady wall 1 4ms
publish/fast sent=2 accepted=2 late=11 unsent=22 steady=2
publish/slow sent=1 accepted=1 late=100 steady=1
read/fast sent=1 accepted=1 steady=1`,
	},
	{
		name: "the window runs from when the server was ready to the strike",
		text: `lane 0 p-0 publish
				phase 0 serve began at=1ms
				phase 0 serve began ready at=4ms
				phase 0 serve ended at=90ms`,
		want:      `publish/publish window=16`,
		otherwise: `publish/publish`,
	},
	{
		name: "a server that is struck before it is ready had no steady time",
		text: `lane 0 p-0 publish
				phase 0 serve began ready at=25ms
				op 0#1 at=26ms..27ms`,
		want: `publish/publish drain wall 1 1ms
publish/publish sent=1 accepted=1`,
		otherwise: `publish/publish steady wall 1 1ms
publish/publish sent=1 accepted=1 steady=1`,
	},
	{
		name: "a torn record: deliveries of operations that it does not hold count nowhere",
		text: `lane 0 p-0 publish
				lane 1 s-0 subscribe
				op 0#1 at=1ms..2ms
				deliver 1 0#1 at=3ms
				deliver 1 0#2 at=4ms
				deliver 1 9#1 at=5ms
				deliver 1 0#0 at=6ms
				cut "the ledger is cut"`,
		want: `publish/publish steady wall 1 1ms
subscribe/subscribe steady wall 1 2ms
publish/publish sent=1 accepted=1 steady=1 window=20
subscribe/subscribe accepted=1 steady=1 window=20`,
		otherwise: `publish/publish steady wall 1 1ms
subscribe/subscribe steady wall 1 2ms
publish/publish sent=1 accepted=1 steady=1
subscribe/subscribe accepted=1 steady=1`,
	},
	{name: "nothing was recorded"},
}

func TestMeasure(t *testing.T) {
	for _, tc := range measureTable {
		t.Run(tc.name, func(t *testing.T) {
			e := evidence(t, tc.text)
			if got := measured(e, true); got != tc.want {
				t.Errorf("struck at %s:\n%s\nwant:\n%s", struckAt, got, tc.want)
			}
			if got := measured(e, false); got != tc.otherwise {
				t.Errorf("never struck:\n%s\nwant:\n%s", got, tc.otherwise)
			}
		})
	}
}

// TestMeasureCountsEveryRecordOnce holds phases and groups to the sums that they share out.
func TestMeasureCountsEveryRecordOnce(t *testing.T) {
	const messages, subscribers = 8000, 5
	e := load(8, messages, subscribers)
	for _, struck := range []time.Duration{0, 1, 4 * time.Millisecond, time.Hour} {
		latencies, through := Measure(e, struck, true)
		counted := map[string]int64{}
		for _, l := range latencies {
			counted[l.Group] += l.Hist.TotalCount()
			if l.Phase == "steady" {
				counted[l.Group+" steady"] += l.Hist.TotalCount()
			}
		}
		for _, c := range through {
			if counted[c.Group] != c.Accepted || counted[c.Group+" steady"] != c.Steady {
				t.Errorf("struck at %s: %s has %d latencies, %d of them steady; the counts say %d and %d",
					struck, c.Group, counted[c.Group], counted[c.Group+" steady"], c.Accepted, c.Steady)
			}
		}
		if counted["publish"] != messages || counted["subscribe"] != messages*subscribers {
			t.Errorf("struck at %s: %d operations and %d deliveries", struck, counted["publish"], counted["subscribe"])
		}
	}
}

// TestMeasureTwice: a trial judged again gives the same numbers, so measuring must leave the evidence alone.
func TestMeasureTwice(t *testing.T) {
	e := load(4, 400, 3)
	before := ledger.Format(e)
	first, second := measured(e, true), measured(e, true)
	if first != second {
		t.Errorf("first\n%s\nthen\n%s", first, second)
	}
	if ledger.Format(e) != before {
		t.Error("measuring changed the evidence")
	}
}

func TestRecordDoesNotAllocate(t *testing.T) {
	r := NewRecorder()
	d := time.Microsecond
	if n := testing.AllocsPerRun(1000, func() { r.Record(d); d += 77 * time.Microsecond }); n != 0 {
		t.Errorf("%v allocations a record", n)
	}
}
