package trial_test

import (
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/world"
)

const smallShelf = `name: shelf
target: shelf
variants: [VARIANT]
load:
  - {op: put, clients: 2}
  - {op: note, clients: 1}
inject: [INJECT]
sim: {ops: 9, clients: 2, max_steps: 2000}
`

// TestATrialEndsWithAReopen strikes every design of the shelf by a stop, a kill and a power cut: what it must
// show it shows, and of the good one nothing is ever said.
func TestATrialEndsWithAReopen(t *testing.T) {
	const stop, kill, power = "{signal: SIGTERM, at: op 1..8}", "{crash: kill, at: op 1..8}", "{crash: power, at: op 1..8}"
	durable := "no-lost-message/durable/never-recovered"
	for _, tc := range []struct{ variant, inject, class string }{
		{"good", kill, ""}, {"good", power, ""}, {"good", kill + ", " + stop, ""},
		{"early", kill, durable}, {"unsynced", kill, ""}, {"unsynced", power, durable},
		{"backwards", kill, "in-order/subscriber/overtaken"},
		{"quits", stop, "process-survives/server/panic"},
		{"unreadable", kill, "process-survives/audit/panic"},
	} {
		t.Run(tc.variant, func(t *testing.T) {
			found, crashes, notes := 0, 0, 0
			text := strings.Replace(smallShelf, "INJECT", tc.inject, 1)
			searchIn(t, text, tc.variant, 400, func(i int, trial result.Trial, r world.SimResult) {
				if r.Ending == world.Halted {
					crashes++
				}
				for _, b := range trial.Breaches {
					switch {
					case b.Class == tc.class:
						found++
					case strings.HasPrefix(b.Class, "no-lost-message/unconfirmed/") && tc.variant == "quits":
						notes++ // nobody had killed it, so it owes these too
					case tc.class == "":
						t.Errorf("schedule %d of the %s design under %s: %s\n%s", i, tc.variant, tc.inject, b.Class, strings.Join(b.Evidence, "\n"))
					}
				}
			})
			if crashes == 0 || (found > 0) != (tc.class != "") {
				t.Errorf("%s under %s: %d schedules of 400 crashed and %d showed %q", tc.variant, tc.inject, crashes, found, tc.class)
			}
		})
	}
}
