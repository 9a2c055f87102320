package search

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
)

// Outcomes are what schedules came to: in how many each class of breach showed, and which sets of classes
// there were; the empty set is a schedule that passed. Void ones came to nothing.
type outcomes struct {
	classes map[string]int
	sets    map[string]struct{}
}

func newOutcomes() outcomes {
	return outcomes{classes: map[string]int{}, sets: map[string]struct{}{}}
}

func (o *outcomes) add(t result.Trial) {
	if t.Verdict == result.Void {
		return
	}
	all := t.Classes()
	for _, class := range all {
		o.classes[class]++
	}
	o.sets[strings.Join(all, " ")] = struct{}{}
}

// take moves what from holds to o.
func (o *outcomes) take(from *outcomes) {
	for class, n := range from.classes {
		o.classes[class] += n
	}
	for set := range from.sets {
		o.sets[set] = struct{}{}
	}
	clear(from.classes)
	clear(from.sets)
}

// counts lists the classes, the most frequent first.
func (o *outcomes) counts() []trial.ClassCount {
	var all []trial.ClassCount
	for class, n := range o.classes {
		all = append(all, trial.ClassCount{Class: class, Trials: n})
	}
	slices.SortFunc(all, func(a, b trial.ClassCount) int {
		return cmp.Or(cmp.Compare(b.Trials, a.Trials), cmp.Compare(a.Class, b.Class))
	})
	return all
}

// tell says where the search stands. Seen is what a worker has found since it last told.
func (s *search) tell(seen *outcomes) {
	if s.c.Progress == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told.take(seen)
	s.c.Progress(trial.Progress{
		Scenario: s.program.Scenario.Name, Variant: s.variant.Name, Schedules: true, Done: int(s.valid.Load()),
		Planned: s.planned, Void: int(s.void.Load()), Breached: int(s.breached.Load()), Elapsed: time.Since(s.began),
		Outcomes: len(s.told.sets), Classes: s.told.counts(),
	})
}

// noteUnjudged says which of the scenario's expectations no drawn world is held to.
func (s *search) noteUnjudged() {
	const why = " not judged in drawn worlds: each world has a load of its own"
	if len(s.program.Scenario.Thresholds) > 0 {
		s.fold.Note("thresholds are" + why + " (--fixed judges them)")
	}
	if len(s.program.Scenario.Regression) > 0 {
		s.fold.Note("regression is" + why)
	}
}
