package record

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestTimeline(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{
			"an operation counts where it ended, and is open at every piece's end before",
			`lane 0 p-0 publish
				op 0#1 at=11ms..14ms intended=10ms
				op 0#2 at=19.5ms..20ms
				op 0#3 at=21ms..26ms refused closed`,
			// Pieces of 5 ms around the strike at 20 ms.
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
	} {
		var lines []string
		for _, tick := range Timeline(evidence(t, tc.text), struckAt, 5*time.Millisecond) {
			line := fmt.Sprintf("%d n=%d", tick.At, tick.Trials)
			for _, f := range []struct {
				name  string
				value int64
			}{{"accepted", tick.Accepted}, {"refused", tick.Refused}, {"open", tick.Open}} {
				if f.value != 0 {
					line += fmt.Sprintf(" %s=%d", f.name, f.value)
				}
			}
			if tick.Max > 0 {
				line += fmt.Sprintf(" sum=%s max=%s", tick.Sum, tick.Max)
			}
			lines = append(lines, line)
		}
		if len(lines) > 10 {
			lines = append(append(lines[:4:4], "..."), lines[len(lines)-1])
		}
		if got := strings.Join(lines, "\n"); got != tc.want {
			t.Errorf("%s:\n%s\nis not\n%s", tc.name, got, tc.want)
		}
	}
}
