package search

import (
	"errors"
	"slices"
	"testing"
)

// A pile is a world of a test: what it has, of which some needs other things to be gone first.
type pile []string

// TestWhatWasNeededBeforeIsTriedAgain: an injection that could not be taken away while a load group was there goes once that
// is gone. Smaller worlds are compiled when the world changed, and no oftener.
func TestWhatWasNeededBeforeIsTriedAgain(t *testing.T) {
	compiled, looked := 0, 0
	got, err := takeAway(pile{"injection", "knob", "group"},
		func() bool { return false },
		func(at pile) []pile {
			compiled++
			var all []pile
			for i := range at {
				all = append(all, slices.Delete(slices.Clone(at), i, i+1))
			}
			return all
		},
		func(at pile) int {
			return len(slices.DeleteFunc(slices.Clone(at), func(s string) bool { return s == "knob" }))
		},
		func(at, smaller pile) (pile, bool, error) {
			looked++
			without := !slices.Contains(smaller, "injection")
			return smaller, !(without && slices.Contains(at, "group")) && len(smaller) > 0 && slices.Contains(smaller, "knob"), nil
		})
	if err != nil || !slices.Equal(got, pile{"knob"}) {
		t.Errorf("left is %q (%v), want the knob", got, err)
	}
	if compiled != 3 || looked != 5 {
		t.Errorf("smaller worlds were compiled %d times for %d tries, want 3 for 5", compiled, looked)
	}
}

// TestTakingAwayEnds where nothing may be spent any more, and at an error with what it had come to.
func TestTakingAwayEnds(t *testing.T) {
	half := func(n int) []int { return []int{n / 2} }
	same := func(int) int { return 0 }
	spent := 0
	got, err := takeAway(64, func() bool { spent++; return spent > 3 }, half, same, func(_, n int) (int, bool, error) { return n, true, nil })
	if got != 8 || err != nil {
		t.Errorf("three steps lead from 64 to %d (%v)", got, err)
	}
	broken := errors.New("broken")
	got, err = takeAway(64, func() bool { return false }, half, same, func(at, n int) (int, bool, error) {
		if n < 16 {
			return at, false, broken
		}
		return n, true, nil
	})
	if got != 16 || !errors.Is(err, broken) {
		t.Errorf("an error leaves %d (%v)", got, err)
	}
}
