package result_test

import (
	"testing"

	"github.com/racebench/racebench/engine/result"
)

// atStartup stands for one planned trial of a campaign whose test is the stop itself.
const atStartup = -1

func TestVerdicts(t *testing.T) {
	idle := trial(0)
	idle.AtRisk = []result.Risk{{Kind: "queued"}}
	known := result.Rules{Known: []result.KnownBreach{{Class: "no-lost-message/*", Why: "tracked"}}}
	expired := result.Rules{Known: []result.KnownBreach{{Class: "no-lost-message/*", Expired: true}}}
	missed := result.Rules{Thresholds: []result.Threshold{{Func: "max", Name: "drain", Op: "<", Bound: -1}}}
	for name, c := range map[string]struct {
		want    result.Verdict
		planned int
		rules   result.Rules
		trials  []result.Trial
	}{
		"clean":                         {result.Passed, 3, result.Rules{}, clean(3)},
		"one breach of many":            {result.Breached, 3, result.Rules{}, append(clean(2), broke(2, breach(lost, result.Breached, 1)))},
		"a hang is worse":               {result.Hung, 2, known, []result.Trial{broke(0, breach(hung, result.Hung, 1)), broke(1, breach("process-survives/p/panic", result.Crashed, 1))}},
		"a crash is worse":              {result.Crashed, 2, missed, []result.Trial{broke(0, breach(lost, result.Breached, 1)), broke(1, breach("process-survives/p/panic", result.Crashed, 1))}},
		"known":                         {result.Known, 2, known, []result.Trial{broke(0, breach(lost, result.Breached, 1)), trial(1)}},
		"known, and one that is not":    {result.Hung, 2, known, []result.Trial{broke(0, breach(lost, result.Breached, 1), breach(hung, result.Hung, 1)), trial(1)}},
		"no longer known":               {result.Breached, 1, expired, []result.Trial{broke(0, breach(lost, result.Breached, 1))}},
		"missed":                        {result.Missed, 2, missed, clean(2)},
		"missed beside known":           {result.Missed, 1, result.Rules{Known: known.Known, Thresholds: missed.Thresholds}, []result.Trial{broke(0, breach(lost, result.Breached, 1))}},
		"no trial":                      {result.Untested, 3, missed, nil},
		"all void, nothing measured":    {result.Untested, 2, missed, []result.Trial{void(0, "x"), void(1, "x")}},
		"fewer than half":               {result.Untested, 5, result.Rules{}, clean(2)},
		"half":                          {result.Passed, 4, result.Rules{}, clean(2)},
		"a breach among too few":        {result.Breached, 9, result.Rules{}, []result.Trial{broke(0, breach(lost, result.Breached, 1))}},
		"nothing at risk":               {result.Untested, 1, result.Rules{}, []result.Trial{idle}},
		"nothing at risk, at start-up":  {result.Passed, atStartup, result.Rules{}, []result.Trial{idle}},
		"void ones do not count as run": {result.Untested, 4, result.Rules{}, append(clean(1), void(1, "x"), void(2, "x"), void(3, "x"))},
	} {
		campaign := empty(max(c.planned, 1), c.rules)
		campaign.AtStartup = c.planned == atStartup
		got := finished(campaign, c.trials...)
		if got.Verdict != c.want {
			t.Errorf("%s: %s, not %s", name, got.Verdict, c.want)
		}
		r := reportOf(t, got)
		wantStatus := map[bool]int{true: 1}[c.want.Finding()]
		if c.want == result.Untested {
			wantStatus = 3
		}
		if r.Verdict != c.want || r.Status() != wantStatus {
			t.Errorf("%s: the report says %s, status %d", name, r.Verdict, r.Status())
		}
	}
}

func TestVerdictOrder(t *testing.T) {
	words := []string{"passed", "known", "void", "untested", "missed", "breached", "crashed", "hung"}
	for i, w := range words {
		var v result.Verdict
		if err := v.UnmarshalText([]byte(w)); err != nil || v.String() != w || int(v) != i {
			t.Errorf("%s reads as %v, %v", w, v, err)
		}
		if want := i >= 4; v.Finding() != want {
			t.Errorf("%s: finding is %v", w, !want)
		}
	}
	var v result.Verdict
	if err := v.UnmarshalText([]byte("fine")); err == nil {
		t.Error("a verdict that is none is read")
	}
	if got := result.VerdictOf([]result.Breach{breach(lost, result.Breached, 1)}, "starved"); got != result.Breached {
		t.Errorf("a breach was voided: %s", got)
	}
	if got := result.VerdictOf(nil, "starved"); got != result.Void {
		t.Errorf("a starved trial is %s", got)
	}
}
