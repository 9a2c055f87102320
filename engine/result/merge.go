package result

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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
			at := slices.IndexFunc(groups, func(g []Row) bool { return sameKind(g[0], row) })
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
		sum.add(row)
	}
	if len(groups) == 0 {
		sum.Verdict = Untested
	}
	return &sum, nil
}

// sameKind says whether two rows are about the same thing.
func sameKind(a, b Row) bool {
	return a.Scenario == b.Scenario && a.ScenarioHash == b.ScenarioHash && a.Target == b.Target && a.Variant == b.Variant && a.Engine == b.Engine
}

// mergeRows adds rows up. Which trials there were in one that was ended early, no plan says: such a sum is no whole
// run, and does not pass.
func mergeRows(rows []Row) (Row, error) {
	all, err := partsTogether(rows)
	if err != nil {
		return Row{}, fmt.Errorf("merge results of %s/%s: %w", rows[0].Target, rows[0].Variant, err)
	}
	if len(rows) == 1 {
		one := rows[0]
		if one.Shard != "" { // what was merged before has its warning
			one.withParts(all)
		}
		return one, nil
	}
	if err := checkSeeds(rows); err != nil {
		return Row{}, err
	}
	var sum Row
	var endings []string
	for i, row := range rows {
		if err := row.recall(); err != nil {
			return Row{}, fmt.Errorf("merge results of %s/%s: %w", row.Target, row.Variant, err)
		}
		if i == 0 {
			sum = emptyRow(row.Header, Rules{})
		}
		sum.append(&row)
		if row.EndedEarly != "" {
			endings = append(endings, row.EndedEarly)
		}
	}
	sum.finish()
	if len(endings) > 0 {
		sum.warn("%d of the %d results that were merged had ended early (%s): together they are no whole run",
			len(endings), len(rows), sum.EndedEarly)
		if sum.Verdict == Passed {
			sum.Verdict = Untested
		}
	}
	sum.withParts(all)
	return sum, sum.seal()
}

// append adds a row of another run, or of another part of the same one.
func (r *Row) append(o *Row) {
	r.Trials.Planned += o.Trials.Planned
	r.Anytime, r.AtStartup = r.Anytime || o.Anytime, r.AtStartup || o.AtStartup
	r.DrainLimit, r.blind = max(r.DrainLimit, o.DrainLimit), r.blind || o.blind
	r.Rules.add(o.Rules)
	r.Unseen, r.unlisted = append(r.Unseen, o.untold()...), append(r.unlisted, o.unlisted...)
	if o.EndedEarly != "" {
		all := append(strings.Split(o.EndedEarly, ", "), strings.Split(r.EndedEarly, ", ")...)
		slices.Sort(all)
		r.EndedEarly = strings.Join(slices.DeleteFunc(slices.Compact(all), func(why string) bool { return why == "" }), ", ")
	}
	r.merge(o)
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
