package trial

import (
	"time"

	"github.com/racebench/racebench/engine/fault"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/load"
	"github.com/racebench/racebench/targets"
)

// A Catalog is the targets that scenarios may name.
type Catalog []targets.Target

// Find returns the target of that name.
func (c Catalog) Find(name string) (targets.Target, bool) {
	for _, t := range c {
		if t.Name == name {
			return t, true
		}
	}
	return targets.Target{}, false
}

// Names lists the targets' names in the catalog's order.
func (c Catalog) Names() []string {
	names := make([]string, len(c))
	for i, t := range c {
		names[i] = t.Name
	}
	return names
}

// Vocabulary is what the owners of a scenario's words say of them. Where no target is an external program, nothing is
// said of its words.
func (c Catalog) Vocabulary() scenario.Vocabulary {
	var clients load.Clients
	of := scenario.Vocabulary{Inject: fault.Words()}
	for _, t := range c {
		if t.Binder != nil {
			clients, of.External = clientsOf(t), t.Binder.Words()
		}
	}
	of.Load = load.Words(clients)
	return of
}

// clientsOf is what a target says of its clients.
func clientsOf(t targets.Target) load.Clients {
	c := load.Clients{Words: t.Binder.ClientWords()}
	for _, op := range t.Ops {
		c.Kinds = append(c.Kinds, op.Name)
	}
	return c
}

// Keep says which trial directories outlive their judgement.
type Keep uint8

// What is kept: the first three trials of each breach class, all, or none.
const (
	KeepFailing Keep = iota
	KeepAll
	KeepNone
)

// Config is what does not belong to a scenario: where things are and who listens.
type Config struct {
	Catalog Catalog
	// Executable is this program's path. Empty means the running one.
	Executable string
	// ChildArgs are given to it; tests that re-run themselves need some.
	ChildArgs []string
	// Build names this build in the plans of its trials.
	Build string
	// Keep says which trials stay on disk.
	Keep Keep
	// Corpus is where failing schedules are kept to be run first the next time; empty is nowhere.
	Corpus string
	// Controlled says that the load is known to lose nothing without a signal: external programs get no control run.
	Controlled bool
	// Freeze has Replay stop an external program before the signal, and let it run on after it.
	Freeze bool
	// Verify plays every simulated schedule twice.
	Verify bool
	// Parallel is how many trials run at once; 0 means 1.
	Parallel int
	// FailFast ends a variant with the first trial that shows a breach which neither the scenario nor OnBase
	// expects, and the run after a variant that failed.
	FailFast bool
	// OnBase says whether what is compared with shows a class of breach as well; nil is that nothing is.
	OnBase func(h result.Header, class string) bool
	// Progress is told of every trial's end; nil is silence.
	Progress func(Progress)
}

// A ClassCount says in how many trials a class of breach showed.
type ClassCount struct {
	Class  string
	Trials int
}

// Progress is where a campaign stands after a trial has ended, or a search after some schedules more.
type Progress struct {
	Scenario, Variant string
	Trial             int            // its index
	Number            int            // of its folder: trials are numbered from 1 through the whole run
	Verdict           result.Verdict // of that trial
	Done, Planned     int            // valid trials; Planned is 0 when a time bounds them
	Void              int
	Breached          int
	Elapsed           time.Duration // since this variant's turn came
	// Schedules says that simulated schedules are counted, not trials. Outcomes is then how many sets of
	// classes the schedules have shown, no breach at all being one; Classes are those classes, the most
	// frequent first. Neither knows kept schedules that were run first.
	Schedules bool
	Outcomes  int
	Classes   []ClassCount
	// Shrinking is the class whose first failure is being made small, after the search; Done and Planned
	// then count such classes of this variant.
	Shrinking string
}
