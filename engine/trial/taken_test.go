package trial

import (
	"testing"
	"time"

	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets"
)

type starving struct {
	targets.Instance
	waited time.Duration
}

func (s starving) Starved() time.Duration { return s.waited }

// TestWhatTheMachineTookIsGivenBack adds to a program's limit what it waited for a processor, and two more limits at
// the most: who spins waits for ever. A server in this process has what the process stood still.
func TestWhatTheMachineTookIsGivenBack(t *testing.T) {
	plan := Plan{Program: Program{
		Scenario: scenario.Scenario{DrainLimit: 10 * time.Second},
		Target:   targets.Target{Card: targets.Card{Traits: targets.Traits{LimitFactor: 1}}},
	}}
	for _, tc := range []struct {
		stalled time.Duration
		of      targets.Instance
		want    time.Duration
	}{
		{time.Second, nil, time.Second},
		{time.Second, starving{}, time.Second},
		{time.Second, starving{waited: 4 * time.Second}, 4 * time.Second},
		{0, starving{waited: time.Minute}, 20 * time.Second},
		{time.Minute, starving{waited: time.Minute}, time.Minute},
	} {
		s := &serving{plan: plan, instance: tc.of}
		s.stalls.total.Store(int64(tc.stalled))
		if got := s.taken(); got != tc.want {
			t.Errorf("stalled %s, %v: %s, want %s", tc.stalled, tc.of, got, tc.want)
		}
	}
}
