package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/rundir"
)

const (
	// toldPerVariant is how many classes of one variant are shrunk, told and kept.
	toldPerVariant = 6
	// shrunkSteps is how many steps all shrinking of a variant may take for each second that was asked for:
	// about a fifth of what a second searches.
	shrunkSteps = 100_000
	// leastShrunkSteps is what each class may have of them however short the time.
	leastShrunkSteps = 20_000
)

// shrinking is the budget of each of so many classes. A search for a time bounds it by the time that was asked
// for, in steps, so that no clock decides what comes out; one for a number of schedules shrinks as far as it goes.
func (b Budget) shrinking(classes int) explore.ShrinkBudget {
	if b.For == 0 {
		return explore.ShrinkBudget{}
	}
	each := b.For.Seconds() * shrunkSteps / float64(max(1, classes))
	return explore.ShrinkBudget{Steps: int(min(explore.MaxShrinkSteps, max(leastShrunkSteps, each)))}
}

// KeepFailures makes the first failures of a search small, tells their stories in the result's breaches,
// and keeps each in a trial directory of run, with a replay file that shows it exactly. Where Config.Corpus
// names a directory the replay files are kept there too, to be run first the next time. The budget is that of
// the search.
func KeepFailures(ctx context.Context, fold *result.Campaign, failures []Failure, budget Budget, c Config, run *rundir.Run) error {
	m, err := NewSimulator()
	if err != nil {
		return err
	}
	defer m.Close()
	failures = failures[:min(toldPerVariant, len(failures))]
	for i, f := range failures {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if c.Progress != nil {
			c.Progress(Progress{
				Scenario: fold.Header.Scenario, Variant: fold.Header.Variant, Shrinking: f.Class, Done: i, Planned: len(failures),
			})
		}
		dir, err := run.NewTrial()
		if err != nil {
			return err
		}
		small, story, err := m.keep(f, dir, budget.shrinking(len(failures)), c)
		if err != nil {
			return err
		}
		story.Title, story.Again = "", "" // every report says both itself
		for j := range fold.Breaches {
			if b := &fold.Breaches[j]; b.Class == f.Class {
				b.Evidence, b.First.Dir = strings.Split(strings.TrimSpace(story.Text()), "\n"), string(dir)
				if c.Corpus != "" && b.Known == "" {
					err = errors.Join(os.MkdirAll(c.Corpus, 0o755),
						rundir.WriteFile(filepath.Join(c.Corpus, corpusName(f)), small.Marshal()))
				}
			}
		}
		if err != nil {
			return fmt.Errorf("keep the schedule: %w", err)
		}
	}
	return nil
}

// corpusName is the file of a failure in a corpus: one a class, so that a shorter schedule takes the
// place of a longer one.
func corpusName(f Failure) string {
	class := strings.Map(func(r rune) rune {
		if r == '/' || r == ' ' || r == os.PathSeparator {
			return '-'
		}
		return r
	}, f.Class)
	return fmt.Sprintf("%s-%s-%s.replay", f.Plan.ID.Target, f.Plan.Variant.Name, class)
}

// keep shrinks a failure, tells its story and fills its trial directory.
func (m *Simulator) keep(f Failure, dir rundir.TrialDir, b explore.ShrinkBudget, c Config) (*explore.File, explore.Story, error) {
	file, _, err := m.RecordFailure(f.Plan, strategyOf(f.Plan, f.hints), f.Name)
	if err != nil {
		return nil, explore.Story{}, err
	}
	small, shrunk, err := m.ShrinkFile(file, f.Class, b, c.Catalog)
	if err != nil {
		return nil, explore.Story{}, err
	}
	story, err := m.Tell(small, f.Class, shrunk.Proof(), string(dir), c.Catalog)
	if err != nil {
		return nil, story, err
	}
	small.Comments = strings.Split(strings.TrimSpace(story.Text()), "\n")
	again, err := m.replay(small, c.Catalog)
	if err != nil {
		return nil, story, err
	}
	if !again.Exact() {
		return nil, story, fmt.Errorf("a shrunk schedule does not replay: %s", again)
	}
	return small, story, m.fill(dir, again, small)
}

// fill writes what a kept schedule's directory holds.
func (m *Simulator) fill(dir rundir.TrialDir, r Replayed, file *explore.File) error {
	r.Plan.ID.Number = dir.Number()
	if err := r.Plan.write(dir); err != nil {
		return err
	}
	if err := rundir.WriteFile(dir.Ledger(), m.out.Bytes()); err != nil {
		return err
	}
	if err := rundir.WriteFile(dir.Schedule(), file.Marshal()); err != nil {
		return err
	}
	return writeVerdict(dir, r.Trial)
}

// replayCorpus runs the kept schedules of the search's variant first. One that still fails is a finding
// like any other; one that no longer is what this build runs is told as stale, never passed over.
func (s *search) replayCorpus() error {
	if s.c.Corpus == "" || s.budget.Shard.Of > 1 && s.budget.Shard.Number > 1 {
		return nil // the first shard replays it for all
	}
	paths, err := filepath.Glob(filepath.Join(s.c.Corpus, "*.replay"))
	if err != nil {
		return fmt.Errorf("read corpus %s: %w", s.c.Corpus, err)
	}
	m, err := NewSimulator()
	if err != nil {
		return err
	}
	defer m.Close()
	slices.Sort(paths)
	for i, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read corpus: %w", err)
		}
		r, err := m.ReplayFile(raw, s.c.Catalog)
		switch {
		case err != nil:
			s.fold.Note(fmt.Sprintf("kept schedule %s: %v", path, err))
		case r.File.Target != s.program.Target.Name() || r.File.Variant != s.variant.Name:
		case !r.Exact():
			s.fold.Note(fmt.Sprintf("kept schedule %s is %s", path, r))
		default:
			r.Trial.Index, r.Trial.Dir = -1-i, path
			s.fold.Add(r.Trial)
			s.count(r.Trial)
		}
	}
	return nil
}
