// Package batch is what many trials have in common, whichever world they run in: the bounds they are run in, the
// part of them that one machine runs, and what their scenario expects of them.
package batch

import (
	"fmt"
	"time"

	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
)

// A Budget bounds a campaign.
type Budget struct {
	Trials int           // a variant; 0 leaves it to the scenario
	For    time.Duration // instead of a count, a variant; 0 is no such bound
	Within time.Duration // no trial of a variant begins later than this; 0 is no such bound
	Whole  time.Duration // the same for all variants together; 0 is no such bound
	Shard  Shard
}

// Share is b for the next of so many variants whose turns have not come, when so much time was spent: what is
// left of Whole is divided evenly among them, so that one that was quick leaves more to the others.
func (b Budget) Share(spent time.Duration, left int) Budget {
	if b.Whole > 0 {
		b.Within = max((b.Whole-spent)/time.Duration(left), 1)
	}
	return b
}

// SpentNote says that a variant had not the time for all its trials, or is empty.
func (b Budget) SpentNote(ran, planned int) string {
	if b.Whole == 0 || ran >= planned {
		return ""
	}
	return fmt.Sprintf("%d of %d trials had time: the budget of %s is for all scenarios together", ran, planned, b.Whole)
}

// VariantsOf counts what is run one after the other.
func VariantsOf(programs []trial.Program) int {
	n := 0
	for _, p := range programs {
		n += len(p.Variants)
	}
	return n
}

// PlannedOf is how many schedules a search of a program is to have; of one that is bounded by time, as many as
// anybody asks for.
func PlannedOf(p trial.Program, b Budget) int {
	switch {
	case b.For > 0:
		return scenario.MaxTrials
	case b.Trials > 0:
		return b.Shard.share(b.Trials)
	}
	return b.Shard.share(p.Scenario.Trials)
}
