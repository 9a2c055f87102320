package result_test

import (
	"slices"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/result"
)

// keptTrial is what a kept schedule showed: one loss of four.
func keptTrial(dir string) result.Trial {
	b := breach(lost, result.Breached, 1)
	b.Of, b.Summary = 4, "1 of 4 accepted messages lost"
	t := broke(7, b)
	t.Dir = dir
	return t
}

func TestAKeptScheduleFailsAndIsNotCounted(t *testing.T) {
	c := empty(5, result.Rules{})
	c.AddKept(keptTrial("b.replay"), "b.replay")
	for _, one := range clean(5) {
		c.Add(one)
	}
	c.AddKept(keptTrial("a.replay"), "a.replay")
	c.Finish()
	if c.Verdict != result.Breached || c.Trials != (result.Counts{Planned: 5, Run: 5, Passed: 5}) || c.BreachRate.Estimate != 0 {
		t.Errorf("%s, %+v, %+v", c.Verdict, c.Trials, c.BreachRate)
	}
	r := reportOf(t, c)
	for i := range 2 {
		row := r.Results[0]
		b := row.Breaches[0]
		if b.Trials != 0 || b.Count != 0 || b.Natural != 0 || !slices.Equal(b.Kept, []string{"a.replay", "b.replay"}) ||
			b.Summary != "1 of 4 accepted messages lost" || b.First.Trial != 7 {
			t.Errorf("it is stored as %+v", b)
		}
		if row.RulesOut != 0 {
			t.Errorf("it rules out %v", row.RulesOut)
		}
		var err error
		other := stored(t, reportOf(t, fold(5, result.Rules{}, clean(5)...)))
		other.Started = other.Started.Add(time.Duration(1+i) * time.Hour)
		if r, err = result.Merge([]*result.Report{stored(t, r), other}); err != nil {
			t.Fatal(err)
		}
	}
}

// What was drawn tells of a class before what was kept, whichever was folded first.
func TestADrawnTrialGoesBeforeAKeptSchedule(t *testing.T) {
	drawn := breach(lost, result.Breached, 3)
	for _, keptFirst := range []bool{true, false} {
		c := empty(1, result.Rules{})
		if keptFirst {
			c.AddKept(keptTrial("a.replay"), "a.replay")
		}
		c.Add(broke(9, drawn))
		if !keptFirst {
			c.AddKept(keptTrial("a.replay"), "a.replay")
		}
		c.Finish()
		if b := c.Breaches[0]; b.Trials != 1 || b.Count != 3 || b.First.Trial != 9 || b.First.Dir != "" || len(b.Kept) != 1 {
			t.Errorf("kept first %v: %+v", keptFirst, b)
		}
	}
}

// A planted breach that a kept schedule shows has shown.
func TestAKeptScheduleShowsWhatIsPlanted(t *testing.T) {
	rules := result.Rules{Known: []result.KnownBreach{{Class: lost, Planted: true, Rate: 0.99}}}
	c := empty(20, rules)
	for _, one := range clean(20) {
		c.Add(one)
	}
	c.AddKept(keptTrial("a.replay"), "a.replay")
	c.Finish()
	if c.Verdict != result.Known || len(c.Unseen) > 0 {
		t.Errorf("%s, unseen %v", c.Verdict, c.Unseen)
	}
}
