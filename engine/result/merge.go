package result

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/racebench/racebench/scenario"
)

// A Merger folds stored reports into one: shards of a run, or runs of other seeds. Results of one scenario (by its hash),
// variant and engine are folded as their trials would have been; others stand side by side. What ran, where and when is taken
// from the first. They come one by one, and of those before it keeps their sum. The zero value has none. An error says which do
// not belong together; after it a Merger is of no more use.
type Merger struct {
	sum   Report
	added int
	runs  map[run]bool // each report
	rows  []*summand

	merged map[origin]bool // the runs in them
}

// A run tells stored reports apart: no two have all of it in common.
type run struct {
	second, nano, elapsed int64
	seed                  string
}

// A summand is what the rows of one kind come to so far.
type summand struct {
	row     Row // the only one, as it was stored, or the sum
	added   int
	parts   []parts
	seeds   seeds
	endings []string
}

// Add adds a report, which is read alone. Nothing of the memory that DecodePart has read it from is kept.
func (m *Merger) Add(r *Report) error {
	id := run{r.Started.Unix(), int64(r.Started.Nanosecond()), r.ElapsedNS, r.Seed}
	if m.runs[id] && !r.Started.IsZero() {
		return fmt.Errorf("merge results: two of them are the same run, of %s: its trials would count twice", r.Started.Format(time.RFC3339))
	}
	if m.added == 0 {
		m.sum, m.runs, m.merged = *r, map[run]bool{}, map[origin]bool{}
		m.sum.ElapsedNS, m.sum.Results, m.sum.Verdict = 0, []Row{}, Passed
	}
	m.runs[id] = true
	m.added++
	if r.Started.Before(m.sum.Started) {
		m.sum.Started = r.Started
	}
	m.sum.ElapsedNS += r.ElapsedNS
	for _, row := range r.Results {
		at := slices.IndexFunc(m.rows, func(s *summand) bool { return sameKind(&s.row, &row) })
		if at < 0 {
			at = len(m.rows)
			m.rows = append(m.rows, &summand{})
		}
		if err := m.rows[at].add(row); err != nil {
			return fmt.Errorf("merge results of %s/%s: %w", row.Target, row.Variant, err)
		}
	}
	return m.addOrigins(r) // what rows say of their parts is plainer, and was said
}

// addOrigins adds the runs that a report has the results of. One that is in two of them would count twice.
func (m *Merger) addOrigins(r *Report) error {
	own := r.Merged
	if len(own) == 0 {
		own = []origin{{r.Started, r.ElapsedNS, r.Seed}}
	}
	for _, o := range own {
		o.Started = o.Started.UTC()
		if m.merged[o] && !o.Started.IsZero() {
			return fmt.Errorf("merge results: two of them have the run of %s in them: its trials would count twice", o.Started.Format(time.RFC3339))
		}
		m.merged[o] = true
	}
	return nil
}

// Report returns the sum.
func (m *Merger) Report() (*Report, error) {
	if m.added == 0 {
		return nil, errors.New("merge results: there are none")
	}
	sum := m.sum
	for _, s := range m.rows {
		row, err := s.finish()
		if err != nil {
			return nil, err
		}
		sum.add(row)
	}
	if len(m.rows) == 0 {
		sum.Verdict = Untested
	}
	if m.added > 1 {
		sum.Merged = slices.SortedFunc(maps.Keys(m.merged), func(a, b origin) int {
			return cmp.Or(a.Started.Compare(b.Started), strings.Compare(a.Seed, b.Seed), cmp.Compare(a.ElapsedNS, b.ElapsedNS))
		})
	}
	return &sum, nil
}

// sameKind says whether two rows are about the same thing.
func sameKind(a, b *Row) bool {
	return a.Scenario == b.Scenario && a.ScenarioHash == b.ScenarioHash && a.Target == b.Target && a.Variant == b.Variant && a.Engine == b.Engine
}

// add adds a row. The first stays as it was stored until there is another.
func (s *summand) add(row Row) error {
	if err := s.addParts(&row); err != nil {
		return err
	}
	if row.Engine == string(scenario.Sim) {
		if err := s.seeds.add(&row); err != nil {
			return err
		}
	}
	if row.EndedEarly != "" {
		s.endings = append(s.endings, row.EndedEarly)
	}
	s.added++
	if s.added == 1 {
		s.row = row
		s.row.PerTrial = slices.Clone(row.PerTrial)
		return readMetrics(s.row.PerTrial)
	}
	if s.added == 2 {
		first := s.row
		s.row = emptyRow(first.Header, Rules{})
		if err := s.row.append(&first); err != nil {
			return err
		}
	}
	return s.row.append(&row)
}

// finish draws the conclusions. Which trials there were in a row that was ended early, no plan says: such a sum is no whole
// run, and does not pass.
func (s *summand) finish() (Row, error) {
	sum := &s.row
	if s.added == 1 {
		if sum.Shard != "" { // what was merged before has its warning
			sum.withParts(s.sortedParts())
		}
		return *sum, nil
	}
	sum.finish()
	if len(s.endings) > 0 {
		sum.warn("%d of the %d results that were merged had ended early (%s): together they are no whole run",
			len(s.endings), s.added, sum.EndedEarly)
		if sum.Verdict == Passed {
			sum.Verdict = Untested
		}
	}
	sum.withParts(s.sortedParts())
	err := sum.seal()
	return *sum, err
}

// append adds a stored row of another run, or of another part of the same one.
func (r *Row) append(stored *Row) error {
	o := *stored
	if err := o.recall(); err != nil {
		return err
	}
	r.Trials.Planned += o.Trials.Planned
	r.Anytime, r.AtStartup = r.Anytime || o.Anytime, r.AtStartup || o.AtStartup
	r.DrainLimit, r.blind = max(r.DrainLimit, o.DrainLimit), r.blind || o.blind
	r.Rules.add(o.Rules)
	r.Unseen, r.unlisted = append(r.Unseen, o.untold()...), withTexts(r.unlisted, o.unlisted)
	if o.EndedEarly != "" {
		all := append(strings.Split(o.EndedEarly, ", "), strings.Split(r.EndedEarly, ", ")...)
		slices.Sort(all)
		r.EndedEarly = strings.Join(slices.DeleteFunc(slices.Compact(all), func(why string) bool { return why == "" }), ", ")
	}
	r.merge(&o)
	return readMetrics(r.PerTrial)
}

// withTexts adds the texts that are not there.
func withTexts(all, more []string) []string {
	for _, text := range more {
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}
