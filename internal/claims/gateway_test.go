package claims

import (
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/trial"
)

// wakeUps is how many schedules of the lost wake-up's small world are played for a rate.
const wakeUps = 2000

// Claims 6 to 9: of the same schedules the merged design and the one with the stronger memory order hang in the very
// same; the loop hangs too; subscribing first hangs in none. Nothing is held open.
func TestClaims6To9WhoHangs(t *testing.T) {
	t.Parallel()
	w := open(t, root+"/examples/claims/06-lost-wakeup-natural.yaml")
	hangs := func(name string) (at []int) {
		v, ok := trial.FindVariant(w.program.Target, name)
		if !ok {
			t.Fatalf("no variant %s", name)
		}
		s := newSmallWorld(w, v)
		for i := range wakeUps {
			for _, b := range s.play(1, i).Breaches {
				if strings.HasPrefix(b.Class, "drain-ends/") {
					at = append(at, i)
				}
			}
		}
		return at
	}
	merged, ordered, looped := hangs("check-then-wait"), hangs("release-increment"), hangs("loop-check-then-wait")
	if len(merged) == 0 || len(looped) == 0 {
		t.Errorf("of %d schedules check-then-wait hangs in %d, loop-check-then-wait in %d: want some of each", wakeUps, len(merged), len(looped))
	}
	if !slices.Equal(merged, ordered) {
		t.Errorf("check-then-wait hangs in the schedules %d, release-increment in %d: they are one program", merged, ordered)
	}
	for _, name := range []string{"subscribe-then-check", "pinned-rearm", "guard-decrement", "drain-reference"} {
		if n := len(hangs(name)); n > 0 {
			t.Errorf("%s hangs in %d of %d schedules", name, n, wakeUps)
		}
	}
}

// Claim 12: the slot goes with a client that hangs up, which nobody mentions, and with a panic, which two reviews
// saw. Given back by a guard it goes with neither.
func aGuardLeaksNoSlot(t *testing.T, w []*study) {
	if n := w[0].run("release-deferred").showed(func(class string) bool { return strings.HasPrefix(class, "counters-return-to-zero/") }); n > 0 {
		t.Errorf("release-deferred leaks a slot in %d trials", n)
	}
}

// Claim 14: what does not fit is lost where it is dropped, and nothing is where the socket is closed.
func onlyTheClosedSocketIsTold(t *testing.T, studies []*study) {
	w := studies[0]
	if dropped, closed := w.lost("dispatch-try-drop", "no-lost-message/"), w.lost("dispatch-try-close", "no-lost-message/"); dropped == 0 || closed > 0 {
		t.Errorf("dropping loses %.0f messages a trial, closing %.0f; want some and none", dropped, closed)
	}
}
