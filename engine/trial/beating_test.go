package trial_test

import (
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/trialtest"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario"
)

func TestAServerThatOnlyPingsIsHung(t *testing.T) {
	for variant, hangs := range map[string]bool{"hangs": true, "good": false, "patient": false} {
		t.Run(variant, func(t *testing.T) {
			text := strings.Replace(trialtest.SmallBroker, "target: broker", "target: beating", 1)
			text = strings.Replace(strings.Replace(text, "VARIANT", variant, 1), "knobs: {policy: block}\n", "", 1)
			text = strings.Replace(text, "knobs: {mailbox: 2, stage1: 2, batch: 1}, ", "", 1)
			text = strings.Replace(text, "clients: 2}\n  - {op: subscribe", "clients: 2, shape: saturate}\n  - {op: subscribe", 1)
			s, errs := scenario.Parse("beating", []byte(text), time.Now())
			if errs != nil {
				t.Fatal(errs)
			}
			p, problems := trial.Compile(s, trial.Catalog{trialtest.Beating})
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			small, bounds := p.Small()
			m := trialtest.NewSimulator(t)
			judged := 0
			for i := range 400 {
				plan := trial.NewSmallPlan(small, bounds, p.Variants[0], scenario.Seed(1), i, "test")
				trial, r, err := m.Run(plan, explore.Portfolio(i).New(plan.Seed.Stream("schedule"), explore.Hints{}))
				switch {
				case err != nil:
					t.Fatal(err)
				case r.Ending == world.OutOfSteps:
					t.Fatalf("schedule %d is out of steps", i)
				case trial.Verdict == result.Void: // nothing was asked of the server
				case (trial.Verdict == result.Hung) != hangs:
					t.Fatalf("schedule %d: %s %+v", i, trial.Verdict, trial.Breaches)
				default:
					judged++
				}
			}
			if judged < 200 {
				t.Errorf("only %d of 400 schedules were judged", judged)
			}
		})
	}
}
