package engine_test

import (
	"strings"
	"testing"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/scenario"
)

// Every schedule of every strategy must come out of its deviations alone, whatever the variant does.
func TestBrokerSchedulesReplayFromTheirDeviations(t *testing.T) {
	schedules := 200
	if testing.Short() {
		schedules = 30
	}
	m, err := engine.NewSimulator()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for _, variant := range []string{"reference", "timeout-drain", "close-merged", "gate-select"} {
		p := compile(t, strings.Replace(smallBroker, "VARIANT", variant, 1))
		small, bounds := p.Shrink()
		for _, info := range explore.Strategies() {
			for i := range schedules {
				plan := engine.NewSmallPlan(small, bounds, p.Variants[0], scenario.Seed(3), i, "test")
				recorder := explore.Record(info.New(plan.Seed.Stream("schedule"), explore.Hints{}))
				_, r, err := m.Run(plan, recorder)
				if err != nil {
					t.Fatal(err)
				}
				replayer := explore.Replay(recorder.Deviations())
				_, again, err := m.Run(plan, replayer)
				if err != nil {
					t.Fatal(err)
				}
				if r != again || replayer.Unused() != 0 || len(replayer.Missed()) != 0 {
					t.Fatalf("%s, %s, schedule %d: %+v, replayed %+v, %d unused, missed %v, of %d", variant, info.Name, i,
						r, again, replayer.Unused(), replayer.Missed(), len(recorder.Deviations()))
				}
			}
		}
	}
}
