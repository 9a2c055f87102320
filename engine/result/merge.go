package result

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/racebench/racebench/scenario"
)

// Merge folds stored reports into one: shards of a run, or runs of other seeds. Results of one scenario
// (by its hash), variant and engine are folded as their trials would have been; others stand side by side.
// What ran, where and when is taken from the first. An error says which reports do not belong together.
func Merge(reports []*Report) (*Report, error) {
	if len(reports) == 0 {
		return nil, errors.New("merge results: there are none")
	}
	var groups [][]Row
	sum := *reports[0]
	sum.ElapsedNS = 0
	for i, r := range reports {
		for _, o := range reports[:i] {
			if r.Started.Equal(o.Started) && r.ElapsedNS == o.ElapsedNS && r.Seed == o.Seed && !r.Started.IsZero() {
				return nil, fmt.Errorf("merge results: two of them are the same run, of %s: its trials would count twice", r.Started.Format(time.RFC3339))
			}
		}
		if r.Started.Before(sum.Started) {
			sum.Started = r.Started
		}
		sum.ElapsedNS += r.ElapsedNS
		for _, row := range r.Results {
			at := slices.IndexFunc(groups, func(g []Row) bool { return together(g[0], row) })
			if at < 0 {
				groups = append(groups, []Row{row})
				continue
			}
			groups[at] = append(groups[at], row)
		}
	}
	sum.Results, sum.Verdict = []Row{}, Passed
	for _, rows := range groups {
		row, err := mergeRows(rows)
		if err != nil {
			return nil, err
		}
		sum.Results = append(sum.Results, row)
		sum.Verdict = max(sum.Verdict, row.Verdict)
	}
	if len(groups) == 0 {
		sum.Verdict = Untested
	}
	return &sum, nil
}

// together says whether two rows are about the same thing.
func together(a, b Row) bool {
	return a.Scenario == b.Scenario && a.ScenarioHash == b.ScenarioHash && a.Target == b.Target && a.Variant == b.Variant && a.Engine == b.Engine
}

func mergeRows(rows []Row) (Row, error) {
	if len(rows) == 1 {
		return rows[0], nil
	}
	if err := checkSeeds(rows); err != nil {
		return Row{}, err
	}
	whole, err := campaignOf(rows[0])
	if err != nil {
		return Row{}, err
	}
	var different int64
	for i, row := range rows {
		if row.Schedules != nil {
			different += row.Schedules.Distinct
		}
		if i == 0 {
			continue
		}
		c, err := campaignOf(row)
		if err != nil {
			return Row{}, err
		}
		whole.Header.Planned += c.Header.Planned
		whole.Header.Anytime = whole.Header.Anytime || c.Header.Anytime
		whole.Header.AtStartup = whole.Header.AtStartup || c.Header.AtStartup
		whole.Merge(c)
	}
	rules, err := rulesOf(rows)
	if err != nil {
		return Row{}, err
	}
	whole.Finish(rules)
	whole.Unseen = unseenBy(rows)
	whole.Verdict = whole.keepRemarks(rows)
	merged, err := rowOf(whole)
	if err != nil {
		return Row{}, err
	}
	if merged.Schedules != nil {
		merged.Schedules.Distinct, merged.Schedules.DistinctIs = min(different, merged.Schedules.Run), atMost
	}
	return merged, nil
}

// checkSeeds refuses simulated trials of one seed: they are the same trial, and would count twice.
func checkSeeds(rows []Row) error {
	if rows[0].Engine != string(scenario.Sim) {
		return nil
	}
	seen := map[string]bool{}
	for _, row := range rows {
		for _, t := range row.PerTrial {
			if seen[t.Seed] {
				return fmt.Errorf("merge results of %s/%s: schedule %s is in two of them, and would count twice: use --shard, or another seed", row.Target, row.Variant, t.Seed)
			}
		}
		for _, t := range row.PerTrial {
			seen[t.Seed] = true
		}
	}
	return nil
}

// campaignOf makes of a stored row what its trials had been folded to, as far as it was stored.
func campaignOf(row Row) (*Campaign, error) {
	c := NewCampaign(headerOfRow(row))
	f := &c.fold
	f.counts = row.Trials
	f.returned, f.policy, f.late = row.Returned, row.Policy, time.Duration(row.SignalLateNS)
	for _, note := range row.Notes {
		c.addNote(note)
	}
	for _, b := range row.Breaches {
		one := foldedOf(b)
		f.breaches[b.Class] = &one
		if len(row.Together) == 0 { // one class, or a result of before they were stored
			f.together[b.Class] += b.Trials
		}
	}
	for _, t := range row.Together {
		f.together[strings.Join(t.Classes, "\n")] += t.Trials
	}
	for _, w := range row.Warnings {
		if w.Class != "" {
			f.warnings[w.Class] = &FoldedBreach{Breach: Breach{Invariant: w.Invariant, Class: w.Class, Summary: w.Summary}, Trials: w.Trials, Messages: w.Count}
		}
	}
	for _, k := range row.AtRisk {
		f.risks[k.Kind] = &FoldedRisk{Risk: Risk{Kind: k.Kind, Count: k.Count, Lost: k.Lost}, Trials: k.Trials, Fewest: k.Fewest}
	}
	for _, w := range row.Windows {
		f.windows[w.Name] = &w
	}
	for _, x := range row.Crossed {
		f.crossed[x.Kind] = &x
	}
	for _, v := range row.Void {
		if v.Reason == otherReasons {
			f.voids.others += v.Trials
		} else {
			f.voids.add(v.Reason, v.Trials)
		}
	}
	if row.Drain != nil {
		f.unfinished = row.Drain.Unfinished
	}
	if s := row.Schedules; s != nil {
		f.simulated, f.steps = s.Run, s.Steps
		if s.PerSecond > 0 {
			c.Elapsed = time.Duration(float64(s.Run) / s.PerSecond * float64(time.Second))
		}
	}
	f.addTimeline(row.Timeline)
	var err error
	if f.drains, err = drainsOf(row); err != nil {
		return nil, err
	}
	for _, t := range row.PerTrial {
		c.Trials = append(c.Trials, Trial{
			Index: t.Trial, Seed: t.Seed, Verdict: t.Verdict, HasStruck: t.StruckNS > 0, Struck: time.Duration(t.StruckNS),
			DrainEnded: t.DrainNS > 0, Drain: time.Duration(t.DrainNS), Metrics: t.Metrics,
		})
		f.memory = max(f.memory, int64(t.Metrics["memory"]))
		f.threads = max(f.threads, int64(t.Metrics["threads"]))
		f.descriptors = max(f.descriptors, int64(t.Metrics["descriptors"]))
	}
	return c, c.addMeasured(row)
}

// addNote takes over a stored note: those on trials are counted again.
func (c *Campaign) addNote(text string) {
	of, note, found := strings.Cut(text, ": ")
	trials, err := strconv.Atoi(strings.TrimSuffix(of, " trials"))
	if of == "one trial" {
		trials, err = 1, nil
	}
	switch {
	case !found || err != nil:
		c.Note(text)
	case note == otherRemarks:
		c.fold.notes.others += trials
	default:
		c.fold.notes.add(note, trials)
	}
}

// addMeasured takes over a row's throughput and latency.
func (c *Campaign) addMeasured(row Row) error {
	for _, t := range row.Throughput {
		window := time.Duration(max(row.Trials.Run, 1)) * time.Second // a weight: how long it was is not stored
		c.Throughput = append(c.Throughput, Throughput{
			Op: t.Op, Group: t.Group, Sent: t.Sent, Accepted: t.Accepted, Refused: t.Refused, Unknown: t.Unknown, Late: t.Late, Unsent: t.Unsent,
			Steady: int64(math.Round(t.PerSecond * window.Seconds())), Window: window,
		})
	}
	for _, l := range row.Latency {
		h, err := hdrhistogram.Decode([]byte(l.Histogram))
		if err != nil {
			return fmt.Errorf("merge results of %s/%s: the histogram of %s cannot be read: %w", row.Target, row.Variant, l.Group, err)
		}
		c.Latency = append(c.Latency, Latency{Op: l.Op, Group: l.Group, Phase: l.Phase, Clock: l.Clock, Hist: h})
	}
	return nil
}

func headerOfRow(row Row) Header {
	h := Header{
		Scenario: row.Scenario, ScenarioHash: row.ScenarioHash, Owner: row.Owner, Target: row.Target, Variant: row.Variant, Engine: row.Engine,
		Seed: row.Seed, Reference: row.Reference, Knobs: row.Knobs, Planned: row.Trials.Planned, Moment: row.Moment, Invariants: row.Invariants,
		File: row.File, Line: row.Line,
	}
	if row.Drain != nil {
		h.DrainLimit = time.Duration(row.Drain.LimitNS)
	}
	h.AtStartup = row.Verdict == Passed && row.staked() == 0 // else it would be untested
	h.Anytime = row.RulesOut > 0 && math.Abs(row.RulesOut-RulesOut(row.Proving())) > 1e-9
	return h
}

func foldedOf(b RowBreach) FoldedBreach {
	one := FoldedBreach{
		Breach: Breach{Invariant: b.Invariant, Class: b.Class, Verdict: b.Verdict, Summary: b.Summary, Evidence: b.First.Evidence, Count: b.Count},
		Trials: b.Trials, Natural: b.Natural, Widened: b.Widened, Messages: b.Count,
		Kept:  b.Kept,
		First: Trial{Index: b.First.Trial, Found: b.First.Found, Seed: b.First.Seed, Dir: b.First.Dir},
	}
	// "12 of 400 accepted messages lost": so that the fold can put its own numbers there.
	if lead, rest, ok := strings.Cut(b.Summary, " of "); ok && lead == strconv.FormatInt(b.Count, 10) {
		of, _, _ := strings.Cut(rest, " ")
		if n, err := strconv.ParseInt(of, 10, 64); err == nil {
			one.Of, one.Total = n, n
		}
	}
	return one
}

// rulesOf finds in stored rows what their scenario said. A breach is known when it was so in each of them.
func rulesOf(rows []Row) (Rules, error) {
	rules := Rules{Regression: rows[0].Regression}
	unknown := map[string]bool{}
	for _, row := range rows {
		for _, b := range row.Breaches {
			unknown[b.Class] = unknown[b.Class] || b.Known == "" && b.Expired == ""
		}
	}
	for _, row := range rows {
		for _, b := range row.Breaches {
			entry := KnownBreach{Class: b.Class, Why: b.Known, Planted: b.Planted, Rate: 1}
			if b.Expired != "" {
				until, _ := time.Parse(time.DateOnly, b.Expired)
				entry = KnownBreach{Class: b.Class, Expired: true, Until: until}
			}
			if !unknown[b.Class] && !slices.Contains(rules.Known, entry) {
				rules.Known = append(rules.Known, entry)
			}
		}
	}
	for _, t := range rows[0].Thresholds {
		parsed, problems := scenario.Parse("threshold", []byte("name: merged\ntarget: merged\nthresholds:\n  - "+strconv.Quote(t.Expr)+"\n"), time.Time{})
		if problems != nil || len(parsed.Thresholds) != 1 {
			return rules, fmt.Errorf("merge results: the threshold %q cannot be read", t.Expr)
		}
		p := parsed.Thresholds[0]
		rules.Thresholds = append(rules.Thresholds, Threshold{
			Expr: t.Expr, Func: p.Metric.Func, Name: p.Metric.Name, Phase: p.Metric.Phase, Unit: string(p.Unit), Line: t.Line, Holds: p.Holds,
		})
	}
	return rules, nil
}

// unseenBy are the known entries that none of the rows has seen.
func unseenBy(rows []Row) []string {
	var all []string
	for _, class := range rows[0].Unseen {
		if !slices.ContainsFunc(rows[1:], func(r Row) bool { return !slices.Contains(r.Unseen, class) }) {
			all = append(all, class)
		}
	}
	return all
}

// keepRemarks carries over warnings that only the scenario's own rules give, and with them a verdict of
// missed for a planted breach that still has not shown.
func (c *Campaign) keepRemarks(rows []Row) Verdict {
	verdict := c.Verdict
	for _, row := range rows {
		for _, w := range row.Warnings {
			if w.Class != "" || c.sawPlanted(w.Summary) || slices.Contains(c.Warnings, w.Summary) {
				continue
			}
			c.Warnings = append(c.Warnings, w.Summary)
			if strings.HasSuffix(w.Summary, checkIsBlind) && verdict < Missed {
				verdict = Missed
			}
		}
	}
	return verdict
}

// sawPlanted says whether a warning is about a planted breach that another row has seen.
func (c *Campaign) sawPlanted(warning string) bool {
	rest, ok := strings.CutPrefix(warning, "planted breach ")
	class, _, _ := strings.Cut(rest, " ")
	return ok && slices.ContainsFunc(c.Breaches, func(b FoldedBreach) bool {
		return KnownBreach{Class: class}.matches("", false, b.Class)
	})
}
