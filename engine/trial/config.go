package trial

import (
	"os"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/reach"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/result/void"
)

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
	// Rehearsed is what the control run has shown, where it was made already.
	Rehearsed *Control
	// Freeze has Replay stop an external program before the signal, and let it run on after it.
	Freeze bool
	// Reach is where load may go.
	Reach reach.Rule
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

// A Control is what a run without a signal has shown.
type Control struct {
	Why     void.Reason // why the program cannot be tested; the zero Reason when it can
	Note    string
	Samples []breach.Sample
	Asked   []result.Asked
	Endless []string // groups whose answers never ended
	Number  int      // the run's own, where it is kept
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

// reachEnv names the hosts that load may go to beside this machine. They are not in the trial's directory: who sends
// one does not say where load goes.
const reachEnv = "RACEBENCH_ALLOW_REMOTE"

func allowedHosts() reach.Rule { return reach.Allowing(strings.Fields(os.Getenv(reachEnv))...) }
