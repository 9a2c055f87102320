package engine

import (
	"testing"
	"time"

	"github.com/racebench/racebench/engine/explore"
)

// What shrinking may cost follows from what was asked for, never from how fast the machine is.
func TestShrinkingIsBoundedByTheTimeAskedFor(t *testing.T) {
	for _, tc := range []struct {
		b       Budget
		classes int
		want    int
	}{
		{Budget{Trials: 10}, 6, 0},
		{Budget{For: time.Millisecond}, 6, leastShrunkSteps},
		{Budget{For: 6 * time.Second}, 6, shrunkSteps},
		{Budget{For: 6 * time.Second}, 1, 6 * shrunkSteps},
		{Budget{For: time.Hour}, 1, explore.MaxShrinkSteps},
		{Budget{For: 1000 * time.Hour}, toldPerVariant, explore.MaxShrinkSteps},
	} {
		if got := tc.b.shrinking(tc.classes); got.Steps != tc.want || got.Replays != 0 {
			t.Errorf("%+v, %d classes: %+v, want %d steps", tc.b, tc.classes, got, tc.want)
		}
	}
}
