package fleet

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/search"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
)

// A Sum adds up the results of parts, in whatever order they come. A part counts once, however often it was played.
type Sum struct {
	rows     []Row
	failFast bool

	mu   sync.Mutex
	have []map[int]bool // by row: the parts that are here
	adds []result.Merger
	hold map[place]*result.Report // with failFast: parts that came before those before them
	next place                    // with failFast: the first that has not been added
	cut  bool                     // with failFast: a finding was added, and nothing after it counts
	lost map[place]string         // parts that will not come, and why

	trials, breached int
	classes          map[string]int
	machines         map[result.Machine]bool
}

// A place is where a part stands in its campaign.
type place struct{ row, part int }

func (p place) before(o place) bool { return p.row < o.row || p.row == o.row && p.part < o.part }

// NewSum is the empty sum of rows.
func NewSum(rows []Row, failFast bool) *Sum {
	s := &Sum{
		rows: rows, failFast: failFast, have: make([]map[int]bool, len(rows)), adds: make([]result.Merger, len(rows)), next: place{0, 1},
		hold: map[place]*result.Report{}, lost: map[place]string{}, classes: map[string]int{}, machines: map[result.Machine]bool{},
	}
	for i := range rows {
		s.have[i] = map[int]bool{}
	}
	return s
}

// Wants says whether a part is still to be played.
func (s *Sum) Wants(row, part int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.isPart(row, part) && !s.have[row][part] && s.lost[place{row, part}] == "" && !(s.cut && s.next.before(place{row, part}))
}

func (s *Sum) isPart(row, part int) bool {
	return row >= 0 && row < len(s.rows) && part >= 1 && part <= s.rows[row].Job.parts()
}

// Add adds the result of a part; one that is here already is left alone. An error says why a result is not that of the part.
func (s *Sum) Add(row, part int, r *result.Report) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isPart(row, part) {
		return fmt.Errorf("the campaign has no part %d of row %d", part, row)
	}
	if err := s.rows[row].check(part, r); err != nil {
		return err
	}
	if s.have[row][part] || s.cut {
		return nil
	}
	s.have[row][part] = true
	delete(s.lost, place{row, part})
	s.machines[r.Machine] = true
	if !s.failFast {
		return s.fold(row, r)
	}
	s.hold[place{row, part}] = r
	return s.foldInOrder()
}

// check refuses what is not the result of a part.
func (r Row) check(part int, of *result.Report) error {
	if len(of.Results) != 1 || len(of.Merged) > 0 || !of.Started.IsZero() {
		return fmt.Errorf("it is not the result of one part")
	}
	row, shard := of.Results[0], r.Job.shard(part)
	switch {
	case row.ScenarioHash != r.Job.Hash, row.Target != r.Program.Target.Name, row.Variant != r.Variant.Name, row.Seed != r.Job.Seed,
		row.Engine != string(r.Program.Scenario.Engine), row.Scenario != r.Program.Scenario.Name:
		return fmt.Errorf("it is the result of something else: %.60q, seed %.40q", row.Target+"/"+row.Variant, row.Seed)
	case row.Shard != shard.String() || row.ShardWidth != shard.Width || len(row.Parts) > 0:
		return fmt.Errorf("it is the result of part %.20q and not of %q", row.Shard, shard.String())
	case of.Tool.Build != r.Job.Build:
		return fmt.Errorf("it is of build %.60q", of.Tool.Build)
	}
	return nil
}

// fold adds a part's result to its row.
func (s *Sum) fold(row int, r *result.Report) error {
	from := &r.Results[0]
	s.trials += from.Trials.Run + from.Trials.Void
	s.breached += from.Trials.Run - from.Trials.Passed
	for _, b := range from.Breaches {
		s.classes[b.Class] += b.Trials
	}
	return s.adds[row].Add(r)
}

// foldInOrder adds what is here of the parts that come next, up to the first finding: what one machine would have run.
func (s *Sum) foldInOrder() error {
	for {
		r, ok := s.hold[s.next]
		if !ok {
			return nil
		}
		delete(s.hold, s.next)
		if err := s.fold(s.next.row, r); err != nil {
			return err
		}
		if finding(r) {
			s.end(s.next)
			return nil
		}
		row := s.next.row
		if s.next.part++; s.next.part > s.rows[row].Job.parts() {
			s.next = place{row + 1, 1}
			if whole, err := s.adds[row].Report(); err == nil && finding(whole) {
				s.end(place{row, s.rows[row].Job.parts()})
				return nil
			}
		}
	}
}

// end lets nothing count after a part.
func (s *Sum) end(last place) {
	s.cut, s.next = true, last
	for at := range s.hold {
		delete(s.have[at.row], at.part)
	}
	clear(s.hold)
}

// finding says whether a result ends a campaign that stops at findings.
func finding(r *result.Report) bool {
	row := r.Results[0]
	return row.Shard == "" && row.Verdict == result.Missed ||
		slices.ContainsFunc(row.Breaches, func(b result.RowBreach) bool { return b.Known == "" })
}

// Lose notes that a part will not come.
func (s *Sum) Lose(row, part int, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isPart(row, part) && !s.have[row][part] {
		s.lost[place{row, part}] = why
	}
}

// Complete says whether nothing is to be waited for.
func (s *Sum) Complete() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cut {
		return true
	}
	for row := range s.rows {
		for part := 1; part <= s.rows[row].Job.parts(); part++ {
			if !s.have[row][part] && s.lost[place{row, part}] == "" {
				return false
			}
		}
	}
	return true
}

// Count is where a sum stands.
type Count struct {
	Parts, Of        int
	Trials, Breached int
	Classes          []trial.ClassCount
	Lost             int
}

// Count counts.
func (s *Sum) Count() Count {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := Count{Trials: s.trials, Breached: s.breached, Lost: len(s.lost)}
	for row := range s.rows {
		n.Parts, n.Of = n.Parts+len(s.have[row]), n.Of+s.rows[row].Job.parts()
	}
	for class, trials := range s.classes {
		n.Classes = append(n.Classes, trial.ClassCount{Class: class, Trials: trials})
	}
	slices.SortFunc(n.Classes, func(a, b trial.ClassCount) int {
		return cmp.Or(cmp.Compare(b.Trials, a.Trials), strings.Compare(a.Class, b.Class))
	})
	return n
}

// Report is the sum of what is here. Ended says what has ended the campaign before all of it was; what is missing is told in
// the rows, and such a row does not pass.
func (s *Sum) Report(ended string, c trial.Config) (*result.Report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.foldHeld(); err != nil {
		return nil, err
	}
	r := &result.Report{Schema: result.SchemaName, Results: []result.Row{}}
	for at, row := range s.rows {
		none, err := row.untested(ended, c)
		if err != nil {
			return nil, err
		}
		sum := none
		if n := len(s.have[at]); n > 0 {
			one, err := s.adds[at].Report()
			if err != nil {
				return nil, err
			}
			sum = one.Results[0]
			sum.File, sum.Line = none.File, none.Line
			if n < row.Job.parts() && sum.EndedEarly == "" {
				sum.EndedEarly = none.EndedEarly
			}
		} else if s.cut {
			break // one machine would not have begun it
		}
		if len(s.machines) > 1 && row.Program.Scenario.Engine != scenario.Sim {
			sum.Notes = append(sum.Notes, "measured on several machines: times are pooled over them")
		}
		r.Results = append(r.Results, sum)
		r.Verdict = max(r.Verdict, sum.Verdict)
	}
	return r, nil
}

// foldHeld adds the parts that wait for others, which will not come any more. What they found counts all the same.
func (s *Sum) foldHeld() error {
	all := slices.SortedFunc(maps.Keys(s.hold), func(a, b place) int { return cmp.Or(cmp.Compare(a.row, b.row), cmp.Compare(a.part, b.part)) })
	for _, at := range all {
		if err := s.fold(at.row, s.hold[at]); err != nil {
			return err
		}
	}
	clear(s.hold)
	return nil
}

// untested is the row of a job of which no part is here.
func (r Row) untested(ended string, c trial.Config) (result.Row, error) {
	b := batch.Budget{Trials: r.Job.Trials}
	var fold *result.Campaign
	if r.Program.Scenario.Engine == scenario.Sim {
		fold = search.Untested(r.Program, r.Variant, r.Seed, b, c)
	} else {
		header := batch.HeaderOf(r.Program, r.Variant)
		header.Seed = r.Job.Seed
		fold = result.NewCampaign(header, batch.RulesOf(r.Program, r.Variant))
		fold.Trials.Planned = r.Job.Trials
		fold.Finish()
	}
	fold.EndedEarly = ended
	stored, err := reportOf(fold, r.Job)
	if err != nil {
		return result.Row{}, err
	}
	return stored.Results[0], nil
}
