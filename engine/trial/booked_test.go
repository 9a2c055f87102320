package trial_test

import (
	"slices"
	"testing"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/trialtest"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets/gateway"
)

const sharedAddress = `name: shared-address
target: gateway
variants: [drain-reference, release-deferred, double-release]
knobs: {from: one, slots: 2, ping: 0s, gc: 0s, queue: 2, wire: 1, subject: 2, buckets: 1}
load:
  - {op: session, clients: 3}
  - {op: frame, clients: 2}
sim: {ops: 8, clients: 3, max_steps: 4000}
`

// The slots of an address are held to what its clients certainly held: a design that gives them back at the upgrade
// lets more in than there are, and the correct ones never do.
func TestABoundIsHeldToTheClientsBooks(t *testing.T) {
	m, err := trial.NewSimulator()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	p := trialtest.CompileWith(t, sharedAddress, trial.Catalog{gateway.Target(nil)})
	small, bounds := p.Small()
	for _, v := range p.Variants {
		over := 0
		for i := range 300 {
			plan := trial.NewSmallPlan(small, bounds, v, scenario.Seed(1), i, "test")
			got, _, err := m.Run(plan, explore.Portfolio(i).New(plan.Seed.Stream("schedule"), explore.Hints{}))
			if err != nil {
				t.Fatal(err)
			}
			if slices.ContainsFunc(got.Breaches, func(b result.Breach) bool { return b.Class == "bounded-queue/slots/held-by-clients" }) {
				over++
			}
		}
		if buggy := v.Name == "double-release"; buggy != (over > 0) {
			t.Errorf("%s: clients held more slots than there are in %d of 300 schedules", v.Name, over)
		}
	}
}
