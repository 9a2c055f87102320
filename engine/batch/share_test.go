package batch

import (
	"testing"
	"time"
)

// What is left of a run's time is divided evenly among the variants that are left. Whoever comes too late
// runs nothing, and does not run without a bound.
func TestTimeIsSharedAmongThoseThatAreLeft(t *testing.T) {
	b := Budget{Whole: 90 * time.Second}
	for _, c := range []struct {
		spent time.Duration
		left  int
		want  time.Duration
	}{
		{0, 3, 30 * time.Second},
		{30 * time.Second, 2, 30 * time.Second},
		{10 * time.Second, 2, 40 * time.Second},
		{60 * time.Second, 1, 30 * time.Second},
		{2 * time.Minute, 1, 1},
	} {
		if got := b.Share(c.spent, c.left).Within; got != c.want {
			t.Errorf("after %s, %d left: %s, want %s", c.spent, c.left, got, c.want)
		}
	}
	if got := (Budget{Within: time.Minute}).Share(time.Hour, 1).Within; got != time.Minute {
		t.Errorf("without a budget for the whole run the bound of each is %s", got)
	}
}

// A note says how many trials had time, and nothing when all had or when nobody bounded the time.
func TestSpentTimeIsSaid(t *testing.T) {
	b := Budget{Whole: 90 * time.Second}
	if got := b.SpentNote(7, 20); got != "7 of 20 trials had time: the budget of 1m30s is for all scenarios together" {
		t.Errorf("the note is %q", got)
	}
	if b.SpentNote(20, 20) != "" || (Budget{}).SpentNote(7, 20) != "" {
		t.Error("there is a note where nothing is to be said")
	}
}
