package trial_test

import (
	"slices"
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

// search runs so many schedules of a variant and tells what each ended in.
func search(t *testing.T, variant string, schedules int, each func(i int, trial result.Trial, r world.SimResult)) {
	t.Helper()
	searchIn(t, trialtest.SmallBroker, variant, schedules, each)
}

// searchIn is search in the small world of a scenario whose variant is written VARIANT.
func searchIn(t *testing.T, text, variant string, schedules int, each func(i int, trial result.Trial, r world.SimResult)) {
	t.Helper()
	m, err := trial.NewSimulator()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	p := compile(t, strings.Replace(text, "VARIANT", variant, 1))
	small, bounds := p.Small()
	for i := range schedules {
		plan := trial.NewSmallPlan(small, bounds, p.Variants[0], scenario.Seed(1), i, "test")
		trial, r, err := m.Run(plan, explore.Portfolio(i).New(plan.Seed.Stream("schedule"), explore.Hints{}))
		if err != nil {
			t.Fatal(err)
		}
		each(i, trial, r)
	}
}

func TestSchedulesShowTheBrokersBugs(t *testing.T) {
	for variant, class := range map[string]string{
		"timeout-drain":      "no-lost-message/stage1/broker-stopped-reading",
		"gate-only":          "no-lost-message/stage1/sent-past-gate",
		"close-merged":       "drain-ends/broker/recv-the-merged-queues",
		"gate-close-drain":   "no-lost-message/mailbox/actor-stopped",
		"close-drain-nogate": "no-lost-message/mailbox/actor-stopped",
		"gate-select":        "no-lost-message/mailbox/actor-stopped",
	} {
		t.Run(variant, func(t *testing.T) {
			first := -1
			search(t, variant, 300, func(i int, trial result.Trial, _ world.SimResult) {
				if first < 0 && slices.ContainsFunc(trial.Breaches, func(b result.Breach) bool { return b.Class == class }) {
					first = i
				}
			})
			if first < 0 {
				t.Fatalf("no schedule of 300 shows %s", class)
			}
			t.Logf("%s in schedule %d", class, first)
		})
	}
}

func TestNoScheduleAccusesTheReference(t *testing.T) {
	schedules := 5000
	if testing.Short() || trialtest.RaceBuild {
		schedules = 500
	}
	passed := 0
	search(t, "reference", schedules, func(i int, trial result.Trial, r world.SimResult) {
		if len(trial.Breaches) > 0 {
			t.Fatalf("schedule %d: %+v", i, trial.Breaches)
		}
		if trial.Verdict == result.Passed {
			passed++
		}
	})
	if passed < schedules*9/10 {
		t.Errorf("only %d of %d schedules proved anything", passed, schedules)
	}
}

func TestASimulatedTrialIsAPureFunctionOfItsPlan(t *testing.T) {
	type answer struct {
		r       world.SimResult
		classes string
	}
	var first []answer
	for round := range 2 {
		search(t, "timeout-drain", 300, func(i int, trial result.Trial, r world.SimResult) {
			var all []string
			for _, b := range trial.Breaches {
				all = append(all, b.Class)
			}
			a := answer{r, strings.Join(all, " ")}
			if round == 0 {
				first = append(first, a)
			} else if a != first[i] {
				t.Fatalf("schedule %d: %+v, then %+v", i, first[i], a)
			}
		})
	}
}

// A drain that waits for a slow reader, one that waits for a fast one, and one that has a deadline.
const slowReader = `name: slow
target: broker
variants: [VARIANT]
drain_limit: 500ms
knobs: {policy: block}
load:
  - {op: publish, clients: 2}
  - {op: subscribe, clients: 1}
sim: {knobs: {mailbox: 1, stage1: 8, batch: 100, handler: PACE}, ops: 8, clients: 2, max_steps: 5000}
`

func TestADrainIsLateOnlyByTimeThatNobodyCouldSpare(t *testing.T) {
	schedules := 2000
	if testing.Short() || trialtest.RaceBuild {
		schedules = 500
	}
	slow := 0 // drains that took long and are not late
	for _, tc := range []struct {
		variant, pace string
		late          bool
	}{
		{"gate-close-drain", "300ms", true},
		{"gate-close-drain", "50ms", false}, // eight of them take 400 ms
		{"reference", "300ms", false},
	} {
		t.Run(tc.variant+"/"+tc.pace, func(t *testing.T) {
			late := 0
			text := strings.ReplaceAll(slowReader, "PACE", tc.pace)
			searchIn(t, text, tc.variant, schedules, func(i int, trial result.Trial, _ world.SimResult) {
				if trial.Drain > 500*time.Millisecond && len(trial.Breaches) == 0 {
					slow++
				}
				for _, b := range trial.Breaches {
					if strings.HasPrefix(b.Class, "drain-ends/") {
						late++
						if b.Class != "drain-ends/late/over-limit" || !tc.late {
							t.Fatalf("schedule %d: %s: %s", i, b.Class, b.Summary)
						}
					}
				}
			})
			if tc.late != (late > 0) {
				t.Errorf("%d late drains", late)
			}
		})
	}
	if slow == 0 {
		t.Error("no schedule took time from a drain: the test is blind")
	}
}
