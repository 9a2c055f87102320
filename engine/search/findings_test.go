package search

import (
	"context"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/explore"
)

// What shrinking may cost follows from what was asked for, never from how fast the machine is.
func TestShrinkingIsBoundedByTheTimeAskedFor(t *testing.T) {
	for _, tc := range []struct {
		b       batch.Budget
		classes int
		want    int
	}{
		{batch.Budget{Trials: 10}, 6, 0},
		{batch.Budget{For: time.Millisecond}, 6, leastShrunkSteps},
		{batch.Budget{For: 6 * time.Second}, 6, shrunkSteps},
		{batch.Budget{For: 6 * time.Second}, 1, 6 * shrunkSteps},
		{batch.Budget{For: time.Hour}, 1, explore.MaxShrinkSteps},
		{batch.Budget{For: 1000 * time.Hour}, toldPerVariant, explore.MaxShrinkSteps},
	} {
		if got := shrinkingOf(tc.b, tc.classes); got.Steps != tc.want || got.Replays != 0 {
			t.Errorf("%+v, %d classes: %+v, want %d steps", tc.b, tc.classes, got, tc.want)
		}
	}
}

// Once a run was asked to stop, each class has a few steps, and all together not many more.
func TestShrinkingHurriesWhenAskedToStop(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	h := &hurry{ctx: ctx, left: hurriedSteps}
	h.next().took(10 * hurriedSteps)
	if h.over() {
		t.Error("it hurries before it was asked to")
	}
	stop()
	classes := 0
	for ; !h.next().over(); classes++ {
		if h.took(leastShrunkSteps - 1); h.over() {
			t.Error("a class has less than its steps")
		}
		if h.took(1); !h.over() {
			t.Error("a class has more than its steps")
		}
	}
	if classes != hurriedSteps/leastShrunkSteps {
		t.Errorf("%d classes were shrunk", classes)
	}
	var none *hurry
	if none.took(1); none.over() {
		t.Error("there is no hurry where nobody can ask")
	}
}
