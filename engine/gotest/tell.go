package gotest

import (
	"fmt"
	"path"

	"github.com/racebench/racebench/engine/explore"
)

// tell tells the story of a failing schedule.
func (r *runner) tell(class string, small explore.Failing, again played, proof string) (explore.Story, error) {
	strategy, detours := explore.NoteDetours(small.Deviations)
	if len(small.Deviations) > 0 {
		if _, err := r.Run(small.Workload, strategy); err != nil {
			return explore.Story{}, err
		}
	}
	summary := class
	for _, b := range again.trial.Breaches {
		if b.Class == class {
			summary = b.Summary
		}
	}
	facts := fmt.Sprintf("%d steps, %d switches, %d preemptions", len(again.trace.Events), again.trace.Switches(), small.Cost.Preemptions)
	if proof != "" {
		facts += ", " + proof
	}
	if r.Slack > 0 {
		facts += fmt.Sprintf(", timers up to %s early in all", r.Slack)
	}
	telling := explore.Telling{
		Title: fmt.Sprintf("%s %s: %s", path.Base(r.ImportPath), r.Name, summary), Facts: facts,
		Outcome: []string{"class " + class}, Detours: detours(),
		Names:   map[string]string{"main": "(testing)"},
		Harness: func(task string) bool { return task == "main" },
		Quiet:   func(object string) bool { return object == "" },
	}
	if len(again.trace.Events) <= maxOrdered {
		orders, err := r.orders(class, small, again, telling.Detours)
		if err != nil {
			return explore.Story{}, err
		}
		telling.Orders = orders
	}
	return explore.Tell(again.trace, telling), nil
}

// maxOrdered is how many steps a story has at the most whose orders are looked for: the looking takes their square.
const maxOrdered = 5000

// orders finds which orders of steps a failure needs.
func (r *runner) orders(class string, small explore.Failing, again played, detours []explore.Detour) ([]explore.Order, error) {
	left := min(tellReplays, tellSteps/max(1, len(again.trace.Events)))
	return explore.FindOrders(again.trace, detours, func(d []explore.Deviation) (explore.Replica, error) {
		if left--; left < 0 {
			return explore.Replica{}, nil
		}
		recorder := explore.Record(explore.Replay(d))
		if _, err := r.Run(small.Workload, recorder); err != nil {
			return explore.Replica{}, err
		}
		p, err := r.play(uint64(small.Workload.Trial), d)
		return explore.Replica{Fails: p.shows(class), Used: recorder.Deviations(), Trace: p.trace}, err
	})
}
