package engine_test

import (
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
)

// The drain takes as long as the subscriber does with what lies in the queue, much longer than the pauses of the quiet ones.
const quietScenario = `name: quiet
target: toy
trials: 1
duration: 30s
drain_limit: 20s
knobs: {queue: 4096}
load:
  - {op: publish, as: crowd, shape: slow, delay: 2ms}
  - {op: subscribe, shape: slow, delay: 20ms}
  - {op: publish, as: quiet, clients: 40, shape: slow, delay: 300ms, stop: at-signal}
inject: [{signal: SIGTERM, at: op quiet 45}]
`

// Who waits for the start of the next operation when the signal strikes does not begin it.
func TestWhoStopsAtTheSignalBeginsNothingAfterItsPause(t *testing.T) {
	_, run := campaign(t, quietScenario, trial.Config{Keep: trial.KeepAll})
	dirs, err := rundir.OpenTrial(run.Path())
	if err != nil {
		t.Fatal(err)
	}
	e, err := ledger.Read(dirs[0].Ledger())
	if err != nil {
		t.Fatal(err)
	}
	before, after := 0, 0
	for lane, ops := range e.Ops {
		for _, op := range ops {
			switch {
			case !strings.HasPrefix(e.LaneName(lane), "quiet"):
			case op.Began > e.Signals[0].At:
				after++
			default:
				before++
			}
		}
	}
	// One that is between its look and its call when the signal strikes still begins.
	if before < 40 || after > 10 {
		t.Errorf("%d operations began before the signal, %d after it", before, after)
	}
}
