package measure

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/result"
)

// timelineTable are ledgers and their timelines in pieces of 5 ms around the strike at 20 ms.
var timelineTable = []struct{ name, text, want string }{
	{
		"an operation counts where it ended, and is open at every piece's end before",
		`lane 0 p-0 publish
				op 0#1 at=11ms..14ms intended=10ms
				op 0#2 at=19.5ms..20ms
				op 0#3 at=21ms..26ms refused closed`,
		`-4 n=1
-3 n=1
-2 n=1 accepted=1 sum=4ms max=4ms
-1 n=1 open=1
0 n=1 accepted=1 open=1 sum=500µs max=500µs
1 n=1 refused=1`,
	},
	{
		"what did not end is under way to the end, and what lies far out is in the outermost piece",
		`lane 0 p-0 publish
				op 0#1 at=18ms..
				op 0#2 at=19ms..900ms`,
		`-4 n=1
-3 n=1
-2 n=1
-1 n=1 open=2
...
39 n=1 accepted=1 open=1 sum=881ms max=881ms`,
	},
	{
		"an accepted message is queued until its last delivery, or until it left otherwise; what nobody got, to the end",
		`lane 0 p-0 publish
				op 0#1 at=9ms..11ms
				op 0#2 at=9ms..11ms
				op 0#3 at=9ms..11ms
				op 0#4 at=9ms..11ms refused closed
		lane 1 s-0 subscribe
		lane 2 s-1 subscribe
		deliver 1 0#1 at=12ms
		deliver 2 0#1 at=21ms
		discard 0#2 lane=1 at=16ms
		deliver 1 0#4 at=29ms`,
		`-4 n=1
-3 n=1 open=4
-2 n=1 accepted=3 refused=1 queued=3 sum=6ms max=2ms
-1 n=1 queued=2
0 n=1 queued=1
1 n=1 queued=1`,
	},
	{
		"what is given up after the last call and the last delivery is queued to the end",
		`lane 0 p-0 publish
				op 0#1 at=18ms..19ms
				op 0#2 at=18ms..19ms
		lane 1 s-0 subscribe
		deliver 1 0#1 at=21ms
		discard 0#2 lane=1 at=90ms`,
		`-4 n=1
-3 n=1
-2 n=1
-1 n=1 accepted=2 queued=2 sum=2ms max=1ms
0 n=1 queued=1`,
	},
	{
		"what was given back to its owner is queued no more",
		`lane 0 p-0 publish
				op 0#1 at=9ms..11ms
				op 0#2 at=9ms..11ms
		lane 1 s-0 subscribe
		deliver 1 0#1 at=21ms
		returned 0#2 lane=-1 at=16ms`,
		`-4 n=1
-3 n=1 open=2
-2 n=1 accepted=2 queued=2 sum=4ms max=2ms
-1 n=1 queued=1
0 n=1`,
	},
}

// told writes a timeline, a line a piece: what is not zero. Of a long one it keeps both ends.
func told(ticks []result.Tick) string {
	var lines []string
	for _, tick := range ticks {
		line := fmt.Sprintf("%d n=%d", tick.At, tick.Trials)
		for _, f := range []struct {
			name  string
			value int64
		}{{"accepted", tick.Accepted}, {"refused", tick.Refused}, {"open", tick.Open}, {"queued", tick.Queued}} {
			if f.value != 0 {
				line += fmt.Sprintf(" %s=%d", f.name, f.value)
			}
		}
		if tick.MaxNS > 0 {
			line += fmt.Sprintf(" sum=%s max=%s", time.Duration(tick.SumNS), time.Duration(tick.MaxNS))
		}
		lines = append(lines, line)
	}
	if len(lines) > 10 {
		lines = append(append(lines[:4:4], "..."), lines[len(lines)-1])
	}
	return strings.Join(lines, "\n")
}

func TestTimeline(t *testing.T) {
	for _, tc := range timelineTable {
		if got := told(Timeline(evidence(t, tc.text), struckAt, 5*time.Millisecond)); got != tc.want {
			t.Errorf("%s:\n%s\nis not\n%s", tc.name, got, tc.want)
		}
	}
}

func TestAPieceOfATimelineIsNotTooShort(t *testing.T) {
	for duration, want := range map[time.Duration]time.Duration{
		result.Reach * 50 * time.Millisecond: 50 * time.Millisecond, result.Reach * time.Microsecond: time.Millisecond,
	} {
		if got := TimelineWidth(duration); got != want {
			t.Errorf("pieces of a load of %s are %s long, want %s", duration, got, want)
		}
	}
}

func TestFirstLoss(t *testing.T) {
	for text, want := range map[string]time.Duration{
		`lane 0 p-0 publish
			op 0#1 at=9ms..11ms
		lane 1 s-0 subscribe
		deliver 1 0#1 at=12ms`: -1,
		`lane 0 p-0 publish
			op 0#1 at=9ms..11ms
			op 0#2 at=9ms..15ms
			op 0#3 at=9ms..13ms
			op 0#4 at=9ms..10ms refused closed
		lane 1 s-0 subscribe
		deliver 1 0#1 at=12ms`: 13 * time.Millisecond,
		`lane 0 p-0 publish
			op 0#1 at=9ms..11ms
			op 0#2 at=9ms..15ms
		lane 1 s-0 subscribe
		lane 2 s-1 subscribe
		deliver 1 0#1 at=12ms
		deliver 1 0#2 at=16ms
		discard 0#2 lane=2 at=17ms
		discard 0#1 lane=2 policy at=13ms`: 15 * time.Millisecond,
		`lane 0 p-0 publish
			op 0#1 at=9ms..11ms
		lane 1 s-0 subscribe
		deliver 1 0#1 at=12ms
		discard 0#1 lane=1 policy draining at=21ms`: 11 * time.Millisecond,
		`lane 0 p-0 write
			op 0#1 at=9ms..11ms`: -1,
	} {
		if got := FirstLoss(evidence(t, text)); got != want {
			t.Errorf("%s: the first loss is at %s, want %s", text, got, want)
		}
	}
	e := evidence(t, `lane 0 c-0 home
		op 0#1 at=9ms..11ms
		op 0#2 at=12ms..19ms unknown
		op 0#3 at=12ms..17ms unknown
		op 0#4 at=12ms..`)
	if got := FirstCut(e); got != 17*time.Millisecond {
		t.Errorf("the first call was cut at %s", got)
	}
}
