package search

import (
	"fmt"

	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets"
)

// sizeSchedules is how many schedules of every variant are run before a search begins, to see whether its world is small.
const sizeSchedules = 20

// TooLarge says that the small world of a scenario is not small: most of its schedules spend their budget of
// steps, and prove nothing.
type TooLarge struct {
	Scenario scenario.Scenario
	Variant  string
	Bounds   trial.SmallWorld
	Spent    int // of so many first schedules, those that were cut short
	Of       int
}

// Error says what to change, and where.
func (e *TooLarge) Error() string {
	sim, where := e.Scenario.Sim, "under sim: in the scenario"
	at := ""
	if pos := sim.At.Pos; !pos.IsZero() {
		at, where = fmt.Sprintf("%s:%d:%d: ", e.Scenario.File, pos.Line, pos.Col), "there"
	}
	knobs := ""
	for _, k := range sim.Knobs {
		knobs += ", " + k.Key.Text
	}
	if knobs != "" {
		knobs = ", or the knobs" + knobs[1:] + ","
	}
	return fmt.Sprintf("%sthe small world of %s/%s is too large: %d of its first %d schedules spent their %d steps, and such a schedule proves nothing; "+
		"lower ops (%d) or clients (%d)%s %s, or raise max_steps (%d). A server that polls without end spends any number of steps",
		at, e.Scenario.Target.Text, e.Variant, e.Spent, e.Of, e.Bounds.MaxSteps, e.Bounds.Ops, e.Bounds.Clients, knobs, where, e.Bounds.MaxSteps)
}

// checkSizes tries the first schedules of every variant, before any search begins. An error is a *TooLarge
// or racebench's own failure. What the strategies would be told of the program makes no difference to how
// long its schedules are.
func checkSizes(programs []trial.Program, seeds []scenario.Seed, b batch.Budget, c trial.Config) error {
	m, err := trial.NewSimulator()
	if err != nil {
		return err
	}
	defer m.Close()
	for i, p := range programs {
		if p.Scenario.Sim.Vary {
			continue // a drawn world is made smaller
		}
		small, bounds := p.Small()
		for _, v := range p.Variants {
			if err := checkSize(m, small, bounds, v, seeds[i], min(sizeSchedules, batch.PlannedOf(p, b)), c.Build); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkSize(m *trial.Simulator, small trial.Program, bounds trial.SmallWorld, v targets.Variant, seed scenario.Seed, of int, build string) error {
	spent := 0
	for index := range of {
		plan := trial.NewSmallPlan(small, bounds, v, seed, index, build)
		_, r, err := m.Run(plan, strategyOf(plan, explore.Hints{}))
		if err != nil {
			return err
		}
		if r.Ending == world.OutOfSteps {
			spent++
		}
	}
	if 2*spent <= of {
		return nil
	}
	return &TooLarge{Scenario: small.Scenario, Variant: v.Name, Bounds: bounds, Spent: spent, Of: of}
}
