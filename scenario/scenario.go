// Package scenario reads scenario files: which target, under which load, struck how
// and when, and what must hold.
//
// It knows the grammar, not the catalogue. The names of targets, variants, operations,
// invariants, windows and knobs stay [spec.Value]s with their places, and whole
// directives are handed unread to the package that owns their words. Those packages describe
// their words in a [Vocabulary], which is handed in. So a new target, client, load field or
// fault never touches this package.
package scenario

import (
	"strings"
	"time"

	"github.com/racebench/racebench/engine/signals"
	"github.com/racebench/racebench/scenario/spec"
)

// External is the name of the target that stands for any external program.
const External = "external"

// Reference is the variant used when a scenario names none.
const Reference = "reference"

// What a scenario that leaves these out gets.
const (
	DefaultTrials             = 10
	DefaultDuration           = 2 * time.Second
	DefaultDrainLimit         = 2 * time.Second
	DefaultExternalDrainLimit = 10 * time.Second
	DefaultKnownRate          = 0.5
)

// MaxTrials is the most trials a scenario may ask for.
const MaxTrials = 10_000_000

// An Engine is the world a trial runs in.
type Engine string

// The engines.
const (
	Real Engine = "real" // goroutines, sockets, a real signal, the wall clock
	Sim  Engine = "sim"  // simulated tasks and time, exactly replayable
)

// A Scenario is one scenario file, checked as far as its grammar goes, with defaults
// filled in.
type Scenario struct {
	Name       string
	Target     spec.Value   // one word
	Variants   []spec.Value // words; Reference when none is named, none for an external target
	Engine     Engine
	EngineSet  bool          // Engine was written, so a command must not put its own default there
	Trials     int           // from 1 to MaxTrials
	Seed       *Seed         // nil: to be drawn
	Duration   time.Duration // how long load is offered, above 0
	DrainLimit time.Duration // how long a drain may take, above 0
	Owner      string        // free text on one line, or empty

	Knobs    []spec.Field // the target's settings; their values are unread
	Load     []spec.Value // unread
	Inject   []spec.Value // unread
	Widen    []spec.Field // windows and how long each is held open; unread
	Expect   []spec.Value // words; empty means every invariant the target promises
	Known    []Known
	External *spec.Value // an unread map; set exactly when Target is External
	Services spec.Value  // an unread map of what stands beside the program; Kind is Null when the scenario has none
	Sim      SimWorld
	Secret   []spec.Value // names of headers, variables, parameters and flags whose values are not kept

	Thresholds []Threshold
	Regression []Tolerance

	Budget time.Duration // how long all scenarios of its project together may take; 0 is no bound

	File     string   // where it was read from, for messages
	Source   []byte   // what was read, for messages
	Warnings []string // what is not wrong but should be looked at, each a line led by file:line:column

	FromOutside FromOutside // what Filled has put in
}

// A SimWorld is the small world that engine sim searches. Numbers that are 0 leave the
// choice to the target.
type SimWorld struct {
	At       spec.Value   // the entry; Kind is Null when the scenario has none
	Knobs    []spec.Field // over those of the scenario; unread
	Ops      int          // operations of a trial
	Clients  int
	MaxSteps int  // scheduling steps after which a trial is void
	Vary     bool // worlds are drawn around this one
}

// Known is a breach that is expected: it is shown and does not fail.
type Known struct {
	At       spec.Value
	Variant  spec.Value // one word; Kind is Null when the entry holds for every variant
	Class    spec.Value // a breach class; a * at the end stands for any rest
	Until    time.Time  // the last day it is tolerated, midnight UTC; zero when Planted and not limited
	Expired  bool       // Until had passed when the file was read: the entry tolerates nothing
	EndsSoon bool       // Until was at most 14 days ahead when the file was read
	Why      string
	Planted  bool    // a positive control: the breach must show
	Rate     float64 // of a planted breach: the share of trials that shows it, above 0 and up to 1; else 0
}

// Matches reports whether a breach class is one that the entry names, whether or not
// the entry has expired.
func (k Known) Matches(class string) bool {
	former := signals.Former(class)
	if prefix, any := strings.CutSuffix(k.Class.Text, "*"); any {
		return strings.HasPrefix(class, prefix) || strings.HasPrefix(former, prefix)
	}
	return class == k.Class.Text || former == k.Class.Text
}

// Problems makes errors found after reading, such as names missing from the catalogue,
// ready to be shown with their lines. It returns nil when there are none.
func (s Scenario) Problems(errs spec.Errors) *Problems {
	if len(errs) == 0 {
		return nil
	}
	return &Problems{File: s.File, Source: s.Source, Errors: errs}
}
