package result_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/racebench/racebench/engine/result"
)

// TestAlwaysAnsweredWell holds the populations from which an error in flight is the stop's doing.
func TestAlwaysAnsweredWell(t *testing.T) {
	for _, c := range []struct {
		name  string
		asked result.Asked
		want  bool
	}{
		{"54 of 54 after 6 good ones, as likely as 2e-8", result.Asked{Good: 6, InFlight: 54, BadInFlight: 54, Trials: 9}, true},
		{"1 of 54 after 20 good ones, more likely than not", result.Asked{Good: 20, InFlight: 54, BadInFlight: 1, Trials: 1}, false},
		{"2 of 54 after 20 good ones", result.Asked{Good: 20, InFlight: 54, BadInFlight: 2, Trials: 2}, false},
		{"all in one trial", result.Asked{Good: 6, InFlight: 54, BadInFlight: 54, Trials: 1}, false},
		{"4 good ones", result.Asked{Good: 4, InFlight: 500, BadInFlight: 500, Trials: 9}, false},
		{"one bad of many after 100 good ones", result.Asked{Good: 100, InFlight: 54, BadInFlight: 1, Trials: 1}, false},
		{"one of many after a million", result.Asked{Good: 1_000_000, InFlight: 54, BadInFlight: 1, Trials: 1}, true},
		{"six of 54 after 180", result.Asked{Good: 180, InFlight: 54, BadInFlight: 6, Trials: 2}, false},
		{"six of 54 after 200", result.Asked{Good: 200, InFlight: 54, BadInFlight: 6, Trials: 2}, true},
		{"6 of 6 in one trial after 40", result.Asked{Good: 40, InFlight: 6, BadInFlight: 6, Trials: 1}, true},
		{"2 of 2 in one trial after 40", result.Asked{Good: 40, InFlight: 2, BadInFlight: 2, Trials: 1}, false},
		{"bad before the signal, too", result.Asked{Good: 10_000, Bad: 1, InFlight: 54, BadInFlight: 54, Trials: 9}, false},
	} {
		if got := c.asked.AlwaysWell(); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// A trial counts once, however many kinds of requests show a class in it, and a class says how many there were in all.
func TestASuspectedClassCountsTrials(t *testing.T) {
	c := result.NewCampaign(header(), result.Rules{})
	c.AddAsked([]result.Asked{{Kind: "a", Good: 1_000_000}, {Kind: "b", Good: 1_000_000}})
	for i := range 3 {
		one := busyClean(t, i, 0)
		one.Asked = []result.Asked{{Kind: "a", InFlight: 5}, {Kind: "b", InFlight: 5}}
		if i == 1 {
			for _, kind := range []string{"a", "b"} {
				b := breach("every-request-answered/answered-badly/500", result.Breached, 1)
				b.Kind, b.If, b.Of, b.Summary = kind, result.AlwaysGood, 5, "1 of 5 requests were answered with 500"
				one.Suspects = append(one.Suspects, b)
			}
			one.Asked[0].BadInFlight, one.Asked[0].Trials = 1, 1
			one.Asked[1] = one.Asked[0]
			one.Asked[1].Kind = "b"
		}
		c.Add(one)
	}
	for range 2 { // again, as after more trials
		c.Finish()
		b := c.Breaches
		if len(b) != 1 || b[0].Trials != 1 || b[0].Natural != 1 || b[0].Summary != "2 of 30 requests were answered with 500" {
			t.Errorf("breaches %+v", b)
		}
		if c.Verdict != result.Breached || c.Trials.Breached != 1 || c.Trials.Passed != 2 || c.PerTrial[1].Verdict != result.Breached {
			t.Errorf("%s, %+v, %+v", c.Verdict, c.Trials, c.PerTrial)
		}
	}
}

// What must show often is told when ten have shown in two trials, and a tenth of all; before that it is nothing.
func TestWhatMustShowOften(t *testing.T) {
	const class = "late-connections-answered/read"
	for _, c := range []struct {
		name     string
		need     result.Need
		each, of []int64 // of each trial
		breached bool
		warned   int
	}{
		{"ten in two trials", result.OftenWarns, []int64{5, 5}, []int64{50, 50}, false, 2},
		{"ten in two trials, where it is expected", result.Often, []int64{5, 5}, []int64{50, 50}, true, 0},
		{"nine", result.Often, []int64{5, 4}, []int64{9, 9}, false, 0},
		{"all in one trial", result.OftenWarns, []int64{20, 0}, []int64{20, 0}, false, 0},
		{"less than a tenth", result.OftenWarns, []int64{5, 5}, []int64{50, 51}, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			row := result.NewCampaign(header(), result.Rules{})
			for i, n := range c.each {
				one := busyClean(t, i, 0)
				if n > 0 {
					b := breach(class, result.Breached, n)
					b.If, b.Of = c.need, c.of[i]
					b.Summary = fmt.Sprintf("%d of %d requests", n, b.Of)
					one.Suspects = []result.Breach{b}
				}
				row.Add(one)
			}
			row.Finish()
			if breached := len(row.Breaches) == 1 && row.Breaches[0].Count == 10; breached != c.breached || (row.Verdict == result.Breached) != c.breached {
				t.Errorf("%s, breaches %+v", row.Verdict, row.Breaches)
			}
			warned := 0
			for _, w := range row.Warnings {
				if w.Class == class {
					warned += w.Trials
				}
			}
			if warned != c.warned {
				t.Errorf("warned of it in %d trials, want %d", warned, c.warned)
			}
		})
	}
}

// What must show twice fails when two trials have shown it; one alone warns, where it can fail at all.
func TestWhatMustShowTwice(t *testing.T) {
	for _, c := range []struct {
		name     string
		need     result.Need
		trials   int
		breached bool
		warned   int
	}{
		{"two trials", result.Twice, 2, true, 0},
		{"one trial", result.Twice, 1, false, 1},
		{"two trials, as a warning", result.TwiceWarns, 2, false, 2},
		{"one trial, as a warning", result.TwiceWarns, 1, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			row := result.NewCampaign(header(), result.Rules{})
			for i := range 3 {
				one := busyClean(t, i, 0)
				if i < c.trials {
					b := breach("readiness-turns/path/stays-ready", result.Breached, 1)
					b.If = c.need
					one.Suspects = []result.Breach{b}
				}
				row.Add(one)
			}
			row.Finish()
			if breached := len(row.Breaches) == 1 && row.Breaches[0].Trials == c.trials; breached != c.breached || (row.Verdict == result.Breached) != c.breached {
				t.Errorf("%s, breaches %+v", row.Verdict, row.Breaches)
			}
			warned := 0
			for _, w := range row.Warnings {
				if w.Invariant == "readiness-turns" {
					warned += w.Trials
				}
			}
			if warned != c.warned {
				t.Errorf("warned in %d trials, want %d: %+v", warned, c.warned, row.Warnings)
			}
		})
	}
}

// A server that fails at all times, as often before the signal as in flight, is next to never blamed for its stop,
// whatever its rate of errors. A kind that fails in flight alone is.
func TestErrorsAtAllTimesAreNotTheStops(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	draw := func(n int, rate float64) (bad int64) {
		for range n {
			if rnd.Float64() < rate {
				bad++
			}
		}
		return bad
	}
	const runs = 20_000
	for _, size := range []struct{ good, inFlight, trials int }{{20, 6, 1}, {100, 54, 9}, {130, 20, 10}, {400, 60, 10}, {800, 120, 20}} {
		for _, rate := range []float64{0.0005, 0.002, 0.01, 0.03, 0.1, 0.3} {
			blamed := 0
			for range runs {
				a := result.Asked{InFlight: int64(size.inFlight), Trials: size.trials}
				if a.Bad = draw(size.good, rate); a.Bad > 0 {
					continue
				}
				a.Good, a.BadInFlight = int64(size.good), draw(size.inFlight, rate)
				if a.AlwaysWell() {
					blamed++
				}
			}
			if blamed > 2+5 { // 2 in 20,000 at the most on average
				t.Errorf("%d good, %d in flight, %v of all bad: blamed in %d of %d runs", size.good, size.inFlight, rate, blamed, runs)
			}
		}
		all := result.Asked{Good: int64(size.good), InFlight: int64(size.inFlight), BadInFlight: int64(size.inFlight), Trials: size.trials}
		if !all.AlwaysWell() {
			t.Errorf("%d good and all of %d in flight bad: not blamed", size.good, size.inFlight)
		}
	}
}

// TestWhenAnswersStopShort holds from when an answer that ended before its time breaks the promise.
func TestWhenAnswersStopShort(t *testing.T) {
	const kind, last = "http-stream GET /list", 7
	for name, tc := range map[string]struct {
		whole     result.Ends
		short, of int64
		need      result.Need
		want      bool
	}{
		"all of a few after 100 whole ones":     {result.Ends{Count: 100, Last: last}, 3, 3, result.WholeEnds, true},
		"the only one after 100":                {result.Ends{Count: 100, Last: last}, 1, 1, result.WholeEnds, true},
		"5 of 54 after 100":                     {result.Ends{Count: 100, Last: last}, 5, 54, result.WholeEnds, true},
		"1 of 54 after 100, likely at any time": {result.Ends{Count: 100, Last: last}, 1, 54, result.WholeEnds, false},
		"after 99":                              {result.Ends{Count: 99, Last: last}, 3, 3, result.WholeEnds, false},
		"whole ones that end in several pieces": {result.Ends{Count: 500}, 3, 3, result.WholeEnds, false},
		"whole ones that end in another":        {result.Ends{Count: 500, Last: 8}, 3, 3, result.WholeEnds, false},
		"as the scenario says":                  {result.Ends{}, 1, 54, result.Surely, true},
		"with a length":                         {result.Ends{Count: 500, Last: last}, 3, 3, result.NeverMore, false},
	} {
		c := result.NewCampaign(header(), result.Rules{})
		c.AddAsked([]result.Asked{{Kind: kind, Good: 500, Ends: &tc.whole}})
		one := busyClean(t, 0, 0)
		b := breach("every-request-answered/answer-cut/short", result.Breached, tc.short)
		b.Kind, b.If, b.Last, b.Of, b.Summary = kind, tc.need, last, tc.of, fmt.Sprintf("%d of %d answers", tc.short, tc.of)
		one.Suspects = []result.Breach{b}
		c.Add(one)
		if got := c.Condemns(one); got != tc.want {
			t.Errorf("%s: the trial alone: %v, want %v", name, got, tc.want)
		}
		c.Finish()
		if got := len(c.Breaches) == 1; got != tc.want || len(c.Warnings)+len(c.Breaches) != 2 { // its exit status warns, too
			t.Errorf("%s: breaches %+v, warnings %+v, want %v", name, c.Breaches, c.Warnings, tc.want)
		}
	}
}

// TestWhatTheScenarioSurelySays fails the first answer that is not as the scenario says, unless some were so before the signal, or
// too few were asked to know.
func TestWhatTheScenarioSurelySays(t *testing.T) {
	for _, tc := range []struct {
		asked result.Asked
		want  bool
	}{
		{result.Asked{Good: 5}, true},
		{result.Asked{Good: 4}, false},
		{result.Asked{Good: 5000, Bad: 1}, false},
	} {
		c := result.NewCampaign(header(), result.Rules{})
		tc.asked.Kind = "http-stream GET /list"
		c.AddAsked([]result.Asked{tc.asked})
		one := busyClean(t, 0, 0)
		b := breach("every-request-answered/answer-cut/short", result.Breached, 1)
		b.Kind, b.If, b.Of, b.Summary = tc.asked.Kind, result.Surely, 54, "1 of 54 answers"
		one.Suspects = []result.Breach{b}
		c.Add(one)
		if c.Finish(); (len(c.Breaches) == 1) != tc.want {
			t.Errorf("%+v: breaches %+v, warnings %+v", tc.asked, c.Breaches, c.Warnings)
		}
	}
}
