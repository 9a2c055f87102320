package result

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A Header says what a campaign's trials have in common.
type Header struct {
	Scenario, ScenarioHash, Owner string
	Target, Variant, Engine, Seed string
	Reference                     bool // the variant is the target's known-good one
	Knobs                         map[string]string
	Planned                       int
	DrainLimit                    time.Duration
	Anytime                       bool     // the campaign was stopped by time, so that its number of trials was not settled beforehand
	AtStartup                     bool     // the stop itself is the test: nothing needs to be at risk
	Moment                        string   // what strikes and when, for people
	Invariants                    []string // that are judged, in the order of their table
	File                          string   // the scenario's; empty for a target's own example
	Line                          int      // in it: where the variant is named, or the target
}

// A Campaign is many trials of one scenario and one variant, folded. Folding is commutative and
// associative: trials may be added in any order, and campaigns of one header merged, and Finish draws
// the same conclusions. What is kept does not grow with the number of clean trials past some thousands: then drains
// are a histogram, and the number of different schedules is an estimate, as their results say.
type Campaign struct {
	Header     Header
	Elapsed    time.Duration // that the trials took together; 0 is not measured
	Trials     []Trial       // those of the lowest indices, in their order once finished; without histograms
	Latency    []Latency
	Throughput []Throughput
	Notes      []string

	Verdict    Verdict
	Breaches   []FoldedBreach
	Thresholds []Checked
	AtRisk     []FoldedRisk
	Warnings   []string
	Unseen     []string    // classes of known entries, not expired, that no trial showed
	Regression []Tolerance // what the scenario allows against a baseline

	fold fold
}

// A FoldedBreach is one class of breach over all trials.
type FoldedBreach struct {
	Breach             // of First; its Summary speaks of all trials
	Trials   int       // that showed it
	Natural  int       // of those, without a window held open
	Widened  int       // of those, with one
	Kept     []string  // paths of the kept schedules that showed it, which are no trials
	Messages int64     // what was counted, over all trials
	Total    int64     // of how many, over the trials that showed it; 0 where that says nothing
	Known    string    // why it is tolerated; empty when it is not
	Planted  bool      // tolerated as a positive control
	Expired  time.Time // the last day that a known entry tolerated it; zero when no entry did
	First    Trial     // the trial of the lowest index that showed it; one whose directory was kept goes first; where none did, that of a kept schedule
}

// A FoldedRisk is what was at risk when the signal struck, over all valid trials.
type FoldedRisk struct {
	Risk
	Trials int   // in which any was
	Fewest int64 // in one valid trial
}

// NewCampaign returns an empty campaign.
func NewCampaign(h Header) *Campaign { return &Campaign{Header: h, fold: newFold()} }

// Note adds a remark for the reader.
func (c *Campaign) Note(text string) { c.Notes = append(c.Notes, text) }

// Add folds one trial in. A void trial is counted and contributes nothing else.
func (c *Campaign) Add(t Trial) {
	c.fold.add(t)
	if t.Verdict != Void {
		for _, l := range t.Latency {
			c.addLatency(l)
		}
		for _, th := range t.Throughput {
			c.addThroughput(th)
		}
	}
	if t.Metrics == nil {
		t.Metrics = metricsOf(t)
	}
	t.Latency, t.Throughput, t.Timeline = nil, nil, nil
	c.Trials = append(c.Trials, t)
	if len(c.Trials) >= 2*maxPerTrial {
		c.prune()
	}
}

// AddKept folds in what the schedule of an earlier search that is kept at path still shows. It was not drawn, so it
// is no trial: nothing is counted of it.
func (c *Campaign) AddKept(t Trial, path string) {
	for _, b := range t.Breaches {
		addBreach(c.fold.breaches, FoldedBreach{Breach: b, Kept: []string{path}, First: t})
	}
}

// Merge folds another campaign of the same header in. The other one is left as it was.
func (c *Campaign) Merge(o *Campaign) {
	c.fold.merge(&o.fold)
	c.Elapsed += o.Elapsed
	c.Trials = append(c.Trials, o.Trials...)
	c.prune()
	for _, l := range o.Latency {
		c.addLatency(l)
	}
	for _, t := range o.Throughput {
		c.addThroughput(t)
	}
	c.Notes = append(c.Notes, o.Notes...)
}

// prune keeps the trials of the lowest indices, whatever order they came in.
func (c *Campaign) prune() {
	slices.SortFunc(c.Trials, inOrder)
	if len(c.Trials) > maxPerTrial {
		clear(c.Trials[maxPerTrial:])
		c.Trials = c.Trials[:maxPerTrial]
	}
}

// inOrder orders trials by index, and those of merged runs by number and seed.
func inOrder(a, b Trial) int {
	return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(a.Number, b.Number), strings.Compare(a.Seed, b.Seed))
}

func (c *Campaign) addLatency(l Latency) {
	if l.Hist == nil {
		return
	}
	for i := range c.Latency {
		have := &c.Latency[i]
		if have.Op == l.Op && have.Group == l.Group && have.Phase == l.Phase && have.Clock == l.Clock {
			have.Hist.Merge(l.Hist)
			return
		}
	}
	l.Hist = cloneOf(l.Hist)
	c.Latency = append(c.Latency, l)
}

func (c *Campaign) addThroughput(t Throughput) {
	for i := range c.Throughput {
		have := &c.Throughput[i]
		if have.Op != t.Op || have.Group != t.Group {
			continue
		}
		have.Sent += t.Sent
		have.Accepted += t.Accepted
		have.Refused += t.Refused
		have.Unknown += t.Unknown
		have.Late += t.Late
		have.Unsent += t.Unsent
		have.Steady += t.Steady
		have.Window += t.Window
		return
	}
	c.Throughput = append(c.Throughput, t)
}

// Counts says how the trials ended.
type Counts struct {
	Planned  int `json:"planned"`
	Run      int `json:"run"` // passed, breached, hung and crashed
	Passed   int `json:"passed"`
	Breached int `json:"breached"`
	Hung     int `json:"hung"`
	Crashed  int `json:"crashed"`
	Void     int `json:"void"`
}

// Counts counts the trials by their verdicts.
func (c *Campaign) Counts() Counts {
	n := c.fold.counts
	n.Planned = c.Header.Planned
	n.Run = n.Passed + n.Breached + n.Hung + n.Crashed
	return n
}

// Failed says whether the folded result is a finding.
func (c *Campaign) Failed() bool { return c.Verdict.Finding() }

// LongestDrain is the longest of the drains that ended; 0 when none did.
func (c *Campaign) LongestDrain() time.Duration { return c.fold.drains.longest }

// BreachRate returns the rate of trials with a breach, known ones included; 0 to 1 when none was run.
func (c *Campaign) BreachRate() Rate {
	n := c.Counts()
	if n.Run == 0 {
		return Rate{High: 1, Confidence: Confidence}
	}
	return RateOf(n.Run-n.Passed, n.Run)
}
