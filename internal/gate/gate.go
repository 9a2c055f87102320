// Package gate compares two results: what a change may not make worse. It reads stored results and runs
// nothing.
//
// Speed is judged by statistics, with the trial as the unit: a metric that the scenario's regression: names
// fails when the difference is significant and beyond its tolerance. Correctness is never averaged: one
// breach of a class that the base has not shown, and that known: does not list, fails.
package gate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/result"
)

// SchemaName names the JSON form of a Comparison. Fields are only ever added to it.
const SchemaName = "racebench.comparison/v1"

// An Outcome is the answer of a comparison.
type Outcome string

// The outcomes, the best first.
const (
	Passed       Outcome = "passed"
	Inconclusive Outcome = "inconclusive" // a difference was seen that may be chance: more trials would tell
	Untested     Outcome = "untested"     // the head's result tested nothing, or the base's
	Failed       Outcome = "failed"
)

// Options say how the two results came about.
type Options struct {
	// Base and Head name the two sides for people: a file, a commit.
	Base, Head string
	// Interleaved says that both sides ran in turns on one machine, with the same seeds.
	Interleaved bool
	// Remedy says what to do if the base could not be tested; it may be empty.
	Remedy string
	// Differs says how a scenario of the head differs from the base's where both sides ran the head's; empty where it does
	// not. Nil means never.
	Differs func(scenario string) []string
	// NewHere says of a result of the head that the base's commit has no such scenario, or not with that
	// variant. Such a result has no base. Nil means never.
	NewHere func(scenario, variant string) bool
}

// A Comparison is what changed from one result to another.
type Comparison struct {
	Schema      string         `json:"schema"`
	Outcome     Outcome        `json:"outcome"`
	Reasons     []string       `json:"reasons,omitempty"`  // why it failed, or tested nothing; a sentence each
	Warnings    []string       `json:"warnings,omitempty"` // breaches that the base has too, and entries that end soon
	Base        Side           `json:"base"`
	Head        Side           `json:"head"`
	Remote      []string       `json:"remote,omitempty"` // other machines that were loaded
	Interleaved bool           `json:"interleaved,omitempty"`
	Machine     []string       `json:"machine,omitempty"` // how the two machines differ; empty when they do not
	Alpha       float64        `json:"alpha"`             // the chance of a false alarm, at most
	Results     []ResultChange `json:"results"`

	remedy string
}

// A Side is one of the two results.
type Side struct {
	Name    string         `json:"name"`
	Build   string         `json:"build,omitempty"` // of the racebench that ran it
	Machine result.Machine `json:"machine"`
	Started time.Time      `json:"started"`
	Seed    string         `json:"seed"`
	Verdict result.Verdict `json:"verdict"`
	Called  string         `json:"called,omitempty"` // the word that racebench was called by
}

// A ResultChange is what changed in one scenario × variant.
type ResultChange struct {
	Scenario    string              `json:"scenario"`
	File        string              `json:"file,omitempty"` // the scenario's
	Line        int                 `json:"line,omitempty"`
	Owner       string              `json:"owner,omitempty"`
	Target      string              `json:"target"`
	Variant     string              `json:"variant"`
	Engine      string              `json:"engine"`
	Verdict     result.Verdict      `json:"verdict"` // of the head alone
	InBase      bool                `json:"in_base"`
	Untested    string              `json:"base_untested,omitempty"` // why the base's trials prove nothing, so that nothing is new
	Trials      [2]int              `json:"trials"`                  // valid ones, base and head
	Hung        [2]int              `json:"hung,omitzero"`           // of the valid ones, those whose server never ended
	Held        int                 `json:"held"`                    // invariants that no trial of either side broke
	HeldBoth    []string            `json:"held_invariants,omitempty"`
	NoSpeed     string              `json:"no_speed,omitempty"`   // why speed is not comparable
	Breaches    []BreachChange      `json:"breaches,omitempty"`   // of either side
	Thresholds  []ThresholdChange   `json:"thresholds,omitempty"` // of the head
	Metrics     []MetricChange      `json:"metrics,omitempty"`
	Crossed     []CrossedChange     `json:"crossed,omitempty"`
	Unseen      []string            `json:"unseen,omitempty"`           // known entries that no trial of the head showed
	Replay      string              `json:"replay,omitempty"`           // of the head
	Differs     []string            `json:"scenario_differs,omitempty"` // how the head\'s scenario differs from the base\'s
	NewWarnings []result.RowWarning `json:"new_warnings,omitempty"`     // of the head, which the base has not shown

	Row *result.Row `json:"-"` // the head's, whose words are those of a run; nil of a comparison that was stored
}

// A ThresholdChange is an absolute bound on the head, with what the base measured for the same one.
type ThresholdChange struct {
	Expr  string   `json:"expr"`
	Unit  string   `json:"unit"`
	Base  *float64 `json:"base,omitempty"`
	Head  *float64 `json:"head,omitempty"`
	Holds bool     `json:"holds"`
	Line  int      `json:"line,omitempty"` // of the scenario
}

// A CrossedChange is work that was on the wire when the signal struck: counted, and not a failure.
type CrossedChange struct {
	Kind   string `json:"kind"`
	Base   int64  `json:"base"`
	BaseOf int64  `json:"base_of"`
	Head   int64  `json:"head"`
	HeadOf int64  `json:"head_of"`
}

// Compare returns the changes from base to head. It modifies neither.
func Compare(base, head *result.Report, o Options) *Comparison {
	c := &Comparison{
		Schema: SchemaName, Outcome: Passed, Alpha: AlphaSpeed + AlphaRates, Interleaved: o.Interleaved, remedy: o.Remedy,
		Base: sideOf(base, o.Base), Head: sideOf(head, o.Head), Results: []ResultChange{},
	}
	if !o.Interleaved {
		c.Machine = machineDiff(base.Machine, head.Machine)
	}
	pairs := pairsOf(base.Results, head.Results, o.Interleaved)
	for i, row := range head.Results {
		var of *result.Row
		if pairs[i] >= 0 && !o.cannotHave(base.Results[pairs[i]], row) {
			of = &base.Results[pairs[i]]
		}
		c.Results = append(c.Results, c.changeOf(of, row))
		if row.Remote != "" && !slices.Contains(c.Remote, row.Remote) {
			c.Remote = append(c.Remote, row.Remote)
		}
	}
	for i, row := range base.Results {
		if !slices.Contains(pairs, i) {
			c.warnf("%s is in the base only: it was not compared", nameOf(row))
		}
	}
	c.warnOfScenarios(o)
	c.warnOfSpeed()
	c.judgeBreaches()
	c.judgeMetrics()
	c.conclude(head)
	return c
}

// cannotHave reports that the base is older than a scenario or variant of the head, and so has not tested it.
func (o Options) cannotHave(base, head result.Row) bool {
	return o.NewHere != nil && base.Verdict == result.Untested && base.Trials.Run == 0 && o.NewHere(head.Scenario, head.Variant)
}

func sideOf(r *result.Report, name string) Side {
	s := Side{Name: name, Build: r.Tool.Build, Machine: r.Machine, Started: r.Started, Seed: r.Seed, Verdict: r.Verdict}
	if len(r.Command) > 0 {
		s.Called = r.Command[0]
	}
	return s
}

func nameOf(row result.Row) string {
	return fmt.Sprintf("%s %s/%s", row.Scenario, row.Target, row.Variant)
}

// Name is how a person addresses the result.
func (r ResultChange) Name() string { return fmt.Sprintf("%s %s/%s", r.Scenario, r.Target, r.Variant) }

// changeOf compares one result; base is nil if there is none. Failures are judged later, over all results.
func (c *Comparison) changeOf(base *result.Row, head result.Row) ResultChange {
	ch := ResultChange{
		Scenario: head.Scenario, File: head.File, Line: head.Line, Owner: head.Owner, Target: head.Target, Variant: head.Variant, Engine: head.Engine,
		Verdict: head.Verdict, InBase: base != nil, Unseen: head.Unseen, Replay: head.Replay, Row: &head,
	}
	none := result.Row{}
	if base == nil {
		base = &none
	}
	if ch.InBase && base.Verdict == result.Untested {
		ch.Untested = whyUntested(*base)
	}
	ch.Trials = [2]int{base.Trials.Run, head.Trials.Run}
	ch.Hung = [2]int{base.Trials.Hung, head.Trials.Hung}
	ch.Breaches = breachesOf(*base, head, c.sameScenario(*base, head))
	ch.HeldBoth = heldBy(*base, head)
	ch.Held = len(ch.HeldBoth)
	if ch.InBase && !c.sameScenario(*base, head) {
		ch.Differs = differences(*base, head)
	}
	ch.NewWarnings = newWarnings(*base, head)
	ch.Thresholds = thresholdsOf(*base, head)
	ch.Crossed = crossedOf(*base, head)
	ch.NoSpeed = c.noSpeed(ch, *base, head)
	ch.Metrics = metricsOf(*base, head, ch.NoSpeed)
	return ch
}

// newWarnings are the head's that the base has not shown.
func newWarnings(base, head result.Row) []result.RowWarning {
	var all []result.RowWarning
	for _, w := range head.Warnings {
		if !slices.ContainsFunc(base.Warnings, func(o result.RowWarning) bool {
			return o.Invariant == w.Invariant && o.Class == w.Class && (w.Class != "" || o.Summary == w.Summary)
		}) {
			all = append(all, w)
		}
	}
	return all
}

// whyUntested says in a few words why a result proves nothing.
func whyUntested(row result.Row) string {
	gave := fmt.Sprintf("%d of its %d planned trials gave a verdict", row.Trials.Run, row.Trials.Planned)
	switch {
	case len(row.Void) > 0:
		return gave + ": " + row.Void[0].Reason
	case row.Trials.Run == 0:
		return gave
	}
	return "nothing was in flight when the signal struck, or a threshold was not measured"
}

// sameScenario says whether two results are of one scenario. Those that ran in turns are, though each names
// its own program.
func (c *Comparison) sameScenario(base, head result.Row) bool {
	return c.Interleaved || base.ScenarioHash == head.ScenarioHash
}

const notInBase = "the base does not have it"

// noSpeed says why the times of two results cannot be compared, or is empty.
func (c *Comparison) noSpeed(ch ResultChange, base, head result.Row) string {
	switch {
	case !ch.InBase:
		return notInBase
	case head.Engine != "real":
		return "times of engine " + head.Engine + " are virtual"
	case !c.sameScenario(base, head):
		return "the scenario was changed"
	case len(c.Machine) > 0:
		return "another machine"
	}
	return ""
}

// warnOfScenarios says which scenarios are not the base's: what changed may be the test, and not the server.
func (c *Comparison) warnOfScenarios(o Options) {
	for i := range c.Results {
		r := &c.Results[i]
		ran := "each side ran its own, so rates and speed are not compared"
		if o.Differs != nil && r.InBase {
			r.Differs, ran = o.Differs(r.Scenario), "both sides ran the head's"
		}
		if len(r.Differs) > 0 {
			c.warnf("%s: the scenario differs from the base's: %s; %s", r.Name(), strings.Join(r.Differs, ", "), ran)
		}
	}
}

// warnOfSpeed warns once if metrics that scenarios name could not be compared.
func (c *Comparison) warnOfSpeed() {
	if len(c.Machine) > 0 && slices.ContainsFunc(c.Results, func(r ResultChange) bool {
		return slices.ContainsFunc(r.Metrics, func(m MetricChange) bool { return m.Gated && m.State == NotComparable })
	}) {
		c.warnf("speed was not compared, correctness was: the base ran on another machine (%s)", strings.Join(c.Machine, "; "))
	}
}

func thresholdsOf(base, head result.Row) []ThresholdChange {
	var all []ThresholdChange
	for _, t := range head.Thresholds {
		ch := ThresholdChange{Expr: t.Expr, Unit: t.Unit, Head: t.Value, Holds: t.Holds, Line: t.Line}
		for _, b := range base.Thresholds {
			if b.Expr == t.Expr {
				ch.Base = b.Value
			}
		}
		all = append(all, ch)
	}
	return all
}

func crossedOf(base, head result.Row) []CrossedChange {
	var all []CrossedChange
	of := func(kind string) *CrossedChange {
		for i := range all {
			if all[i].Kind == kind {
				return &all[i]
			}
		}
		all = append(all, CrossedChange{Kind: kind})
		return &all[len(all)-1]
	}
	for _, x := range head.Crossed {
		ch := of(x.Kind)
		ch.Head, ch.HeadOf = x.Count, x.Of
	}
	for _, x := range base.Crossed {
		ch := of(x.Kind)
		ch.Base, ch.BaseOf = x.Count, x.Of
	}
	return all
}

func (c *Comparison) warnf(format string, args ...any) {
	c.Warnings = append(c.Warnings, fmt.Sprintf(format, args...))
}

func (c *Comparison) failf(format string, args ...any) {
	c.Outcome = Failed
	c.Reasons = append(c.Reasons, fmt.Sprintf(format, args...))
}

// conclude names the outcome after breaches and metrics were judged: thresholds, blind controls, and
// results that tested nothing.
func (c *Comparison) conclude(head *result.Report) {
	for i, ch := range c.Results {
		missed := false
		for _, t := range ch.Thresholds {
			if t.Head != nil && !t.Holds {
				missed = true
				c.failf("%s: the threshold %s does not hold", ch.Name(), t.Expr)
			}
		}
		if ch.Verdict == result.Missed && !missed {
			c.failf("%s: a planted breach did not show: the check is blind", ch.Name())
		}
		for _, w := range head.Results[i].Warnings {
			c.warnf("%s: %s", ch.Name(), w.Summary)
		}
	}
	if c.Outcome == Failed {
		return
	}
	if len(c.Results) == 0 {
		c.Outcome, c.Reasons = Untested, []string{"the head has no results"}
	}
	for _, ch := range c.Results {
		if ch.Untested != "" {
			c.Outcome = Untested
			c.Reasons = append(c.Reasons, fmt.Sprintf("%s: the base was not tested: %s%s", ch.Name(), ch.Untested, c.then()))
		}
		if ch.Verdict == result.Untested {
			c.Outcome = Untested
			c.Reasons = append(c.Reasons, ch.Name()+" was not tested: its breaches, if it has any, could not show")
		}
	}
	if c.Outcome == Passed && slices.ContainsFunc(c.Results, ResultChange.inconclusive) {
		c.Outcome = Inconclusive
	}
}

// then is the remedy as the end of a sentence.
func (c *Comparison) then() string {
	if c.remedy == "" {
		return ""
	}
	return "; " + c.remedy
}

func (r ResultChange) inconclusive() bool {
	return slices.ContainsFunc(r.Metrics, func(m MetricChange) bool { return m.Gated && m.State == Unclear })
}
