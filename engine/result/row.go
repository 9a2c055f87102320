package result

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/racebench/racebench/scenario"
)

// NewReport puts finished campaigns in the stored form, in the order given. What ran, where and when is
// the caller's to fill in.
func NewReport(campaigns []*Campaign) (*Report, error) {
	r := &Report{Schema: SchemaName, Results: []Row{}}
	for _, c := range campaigns {
		row, err := rowOf(c)
		if err != nil {
			return nil, err
		}
		r.Results = append(r.Results, row)
		r.Verdict = max(r.Verdict, row.Verdict)
	}
	if len(campaigns) == 0 {
		r.Verdict = Untested
	}
	return r, nil
}

func rowOf(c *Campaign) (Row, error) {
	h := c.Header
	counts := c.Counts()
	row := Row{
		Scenario: h.Scenario, ScenarioHash: h.ScenarioHash, Owner: h.Owner, Target: h.Target, Variant: h.Variant,
		Reference: h.Reference, Engine: h.Engine, Seed: h.Seed, Verdict: c.Verdict, Knobs: h.Knobs, Moment: h.Moment, Invariants: h.Invariants,
		Trials: counts, Notes: c.notes(), Windows: sorted(c.fold.windows), Void: c.voidReasons(),
		Crossed: sorted(c.fold.crossed), Schedules: c.schedules(), Returned: c.fold.returned, Policy: c.fold.policy,
		SignalLateNS: c.fold.late.Nanoseconds(), Timeline: c.timeline(), File: h.File, Line: h.Line, Unseen: c.Unseen, Regression: c.Regression,
	}
	if f := c.fold; f.memory > 0 {
		row.Peak = &RowPeak{MemoryBytes: f.memory, Threads: f.threads, Descriptors: f.descriptors}
	}
	if counts.Run > 0 {
		rate := c.BreachRate()
		row.BreachRate = &rate
	}
	for _, k := range c.AtRisk {
		row.AtRisk = append(row.AtRisk, RowRisk{Kind: k.Kind, Count: k.Count, Lost: k.Lost, Trials: k.Trials, Fewest: k.Fewest})
	}
	if c.proves() {
		row.RulesOut = c.rulesOut(row.Proving())
	}
	for _, b := range c.Breaches {
		row.Breaches = append(row.Breaches, breachRow(b))
	}
	row.Together = c.together()
	if dir := row.KeptDir(); dir != "" {
		row.Replay = "racebench replay " + dir
	}
	for _, w := range c.ofAll(byWeight(c.fold.warnings)) {
		row.Warnings = append(row.Warnings, RowWarning{Invariant: w.Invariant, Class: w.Class, Trials: w.Trials, Count: w.Messages, Summary: w.Summary})
	}
	for _, w := range c.Warnings {
		row.Warnings = append(row.Warnings, RowWarning{Trials: counts.Run, Summary: w})
	}
	for _, t := range c.Thresholds {
		row.Thresholds = append(row.Thresholds, thresholdRow(t))
	}
	for _, t := range c.Throughput {
		row.Throughput = append(row.Throughput, throughputRow(t))
	}
	for _, l := range c.Latency {
		lat, err := latencyRow(l)
		if err != nil {
			return row, err
		}
		row.Latency = append(row.Latency, lat)
	}
	c.perTrial(&row)
	var err error
	row.Drain, err = c.drainRow()
	return row, err
}

// Tried are the invariants that something was at stake for: writes to a program from outside outlive nothing where
// none was acknowledged.
func (r Row) Tried() []string {
	written := slices.ContainsFunc(r.AtRisk, func(k RowRisk) bool { return k.Kind == "acknowledged-write" && k.Count > 0 })
	return slices.DeleteFunc(slices.Clone(r.Invariants), func(name string) bool { return name == "acked-survives-restart" && !written })
}

// KeptDir is the folder of the first trial with a breach that was kept, or is empty.
func (r Row) KeptDir() string {
	for _, b := range r.Breaches {
		if b.First.Dir != "" {
			return b.First.Dir
		}
	}
	return ""
}

func breachRow(b FoldedBreach) RowBreach {
	row := RowBreach{
		Invariant: b.Invariant, Class: b.Class, Verdict: b.Verdict, Trials: b.Trials, Count: b.Messages,
		Natural: b.Natural, Widened: b.Widened, Kept: b.Kept, Known: b.Known, Planted: b.Planted, Summary: b.Summary,
		First: FirstTrial{Trial: b.First.Index, Found: b.First.Found, Seed: b.First.Seed, Dir: b.First.Dir, Evidence: orNone(b.Evidence)},
	}
	if b.First.Scripted == b.Class {
		row.First.Script = b.First.Script
	}
	if !b.Expired.IsZero() && b.Known == "" {
		row.Expired = b.Expired.Format(time.DateOnly)
	}
	return row
}

// together is what a merge needs that wants to count a trial of two classes once.
func (c *Campaign) together() []RowTogether {
	if len(c.Breaches) < 2 {
		return nil // the class's own row says it
	}
	var rows []RowTogether
	for _, key := range slices.Sorted(maps.Keys(c.fold.together)) {
		rows = append(rows, RowTogether{Classes: strings.Split(key, "\n"), Trials: c.fold.together[key]})
	}
	return rows
}

func orNone(lines []string) []string {
	if lines == nil {
		return []string{}
	}
	return lines
}

func thresholdRow(t Checked) RowThreshold {
	row := RowThreshold{Expr: t.Expr, Unit: t.Unit, Holds: t.Held, Line: t.Line}
	if t.Measured {
		row.Value = &t.Value
	}
	return row
}

func throughputRow(t Throughput) RowThroughput {
	row := RowThroughput{
		Op: t.Op, Group: t.Group, Sent: t.Sent, Accepted: t.Accepted, Refused: t.Refused, Unknown: t.Unknown,
		Late: t.Late, Unsent: t.Unsent,
	}
	row.PerSecond = t.perSecond()
	return row
}

func latencyRow(l Latency) (RowLatency, error) {
	h := l.Hist
	encoded, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		return RowLatency{}, fmt.Errorf("encode histogram of %s: %w", l.Group, err)
	}
	return RowLatency{
		Op: l.Op, Group: l.Group, Phase: l.Phase, Clock: l.Clock, Count: h.TotalCount(), MeanNS: int64(h.Mean()),
		P50NS: h.ValueAtQuantile(50), P90NS: h.ValueAtQuantile(90), P99NS: h.ValueAtQuantile(99),
		P999NS: h.ValueAtQuantile(99.9), MaxNS: h.Max(), Histogram: string(encoded),
	}, nil
}

func (c *Campaign) drainRow() (*RowDrain, error) {
	d := &c.fold.drains
	row := RowDrain{Count: d.count(), LimitNS: c.Header.DrainLimit.Nanoseconds(), Unfinished: c.fold.unfinished}
	if row.Count == 0 && row.Unfinished == 0 {
		return nil, nil
	}
	if at := d.quantiles(50, 99, 100); at != nil {
		row.P50NS, row.P99NS, row.MaxNS = at[0].Nanoseconds(), at[1].Nanoseconds(), at[2].Nanoseconds()
	}
	var err error
	row.Histogram, err = d.stored()
	return &row, err
}

func (c *Campaign) schedules() *RowSchedules {
	if c.fold.simulated == 0 {
		return nil
	}
	row := RowSchedules{Run: c.fold.simulated, Steps: c.fold.steps}
	n, exact := c.fold.schedules.count()
	row.Distinct = min(n, row.Run)
	if !exact {
		row.DistinctIs = estimate
	}
	if c.Elapsed > 0 {
		row.PerSecond = float64(row.Run) / c.Elapsed.Seconds()
	}
	return &row
}

// notes are the remarks on the campaign, then those on its trials with how many they are about.
func (c *Campaign) notes() []string {
	notes := slices.Clone(c.Notes)
	add := func(note string, trials int) {
		of := "one trial"
		if trials > 1 {
			of = fmt.Sprintf("%d trials", trials)
		}
		notes = append(notes, of+": "+note)
	}
	for _, note := range c.fold.notes.texts {
		add(note, c.fold.notes.trials[note])
	}
	if n := c.fold.notes.others; n > 0 {
		add(otherRemarks, n)
	}
	return notes
}

// What stands for reasons and notes that a result does not tell apart.
const (
	otherReasons = "other reasons"
	otherRemarks = "other remarks"
)

// voidReasons are why trials proved nothing: the most frequent reason first.
func (c *Campaign) voidReasons() []VoidReason {
	var rows []VoidReason
	for _, why := range c.fold.voids.texts {
		rows = append(rows, VoidReason{Reason: why, Trials: c.fold.voids.trials[why]})
	}
	if n := c.fold.voids.others; n > 0 {
		rows = append(rows, VoidReason{Reason: otherReasons, Trials: n})
	}
	slices.SortStableFunc(rows, func(a, b VoidReason) int { return -cmp.Compare(a.Trials, b.Trials) })
	return rows
}

func (c *Campaign) perTrial(row *Row) {
	n := c.Counts()
	row.Truncated = n.Run+n.Void > len(c.Trials)
	for _, t := range c.Trials {
		r := RowTrial{Trial: t.Index, Seed: t.Seed, Verdict: t.Verdict, Metrics: t.Metrics}
		if t.HasStruck {
			r.StruckNS = t.Struck.Nanoseconds()
		}
		if t.DrainEnded {
			r.DrainNS = t.Drain.Nanoseconds()
		}
		row.PerTrial = append(row.PerTrial, r)
	}
}

// proves says whether every trial was clean, and something of what fails was at risk in one of them. For a
// server inside this process it does not ask: there the verdict says so.
func (c *Campaign) proves() bool {
	n := c.Counts()
	return n.Run > 0 && n.Passed == n.Run && len(c.Breaches) == 0 && (c.Header.Target != scenario.External || c.Header.AtStartup || c.tested() > 0)
}

// rulesOut is the bound that goes with how the number of trials came about.
func (c *Campaign) rulesOut(n int) float64 {
	if c.Header.Anytime {
		return RulesOutAnytime(n)
	}
	return RulesOut(n)
}
