package gotest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/result/void"
	"github.com/racebench/racebench/internal/rundir"
)

const (
	// toldPerTest is how many classes of one test are shrunk, told and kept.
	toldPerTest = 6
	// shrinkReplays and shrinkSteps are what shrinking one class may take: each step is a message to another process
	// and back, and each schedule that fails costs a process.
	shrinkReplays = 800
	shrinkSteps   = 100_000
	// tellReplays is how many schedules are played to find which orders a failure needs.
	tellReplays = 60
)

// A Campaign says what is searched, and where what is found is kept.
type Campaign struct {
	Budget
	Seed    uint64
	Slack   time.Duration
	Sigterm int
	Build   string // racebench's
	Run     *rundir.Run
	Keep    bool
	// Progress is told what goes on; nil is silence.
	Progress func(text string)
}

// Search searches tests of a package, one result each. What was finished when ctx ended comes with its error.
func (p *Package) Search(ctx context.Context, tests []string, c Campaign) ([]*result.Campaign, error) {
	var folds []*result.Campaign
	for i, name := range tests {
		if c.Progress != nil {
			c.Progress(fmt.Sprintf("%s (%d of %d)", name, i+1, len(tests)))
		}
		t := &Test{Package: p, Name: name, Seed: c.Seed, Slack: c.Slack, Sigterm: c.Sigterm}
		s, err := t.run(ctx, c.Budget)
		if err == nil {
			err = s.keepAll(ctx, c)
		}
		var outside *NotControllable
		switch {
		case errors.As(err, &outside):
			s.fold = result.NewCampaign(t.header(c.Budget), result.Rules{})
			s.fold.Note(outside.Error())
			s.fold.Trials.Planned = 1
			s.fold.Finish()
		case err != nil:
			return folds, err
		}
		folds = append(folds, s.fold)
		if c.FailFast && s.fold.Verdict.Finding() {
			break
		}
	}
	return folds, ctx.Err()
}

// attempts is how many schedules of a class are shown again before it counts as not reproduced.
const attempts = 4

// keepAll shows every class in a fresh process, makes it small, tells and keeps it. A class that does not show there is no
// breach.
func (s *search) keepAll(ctx context.Context, c Campaign) error {
	slices.SortFunc(s.failed, func(a, b result.Trial) int { return cmp.Compare(a.Index, b.Index) })
	indices := map[string][]uint64{}
	for _, t := range s.failed {
		for _, class := range t.Classes() {
			indices[class] = append(indices[class], uint64(t.Index))
		}
	}
	shown := map[string]kept{}
	for i, class := range slices.Sorted(maps.Keys(indices)) {
		for _, index := range indices[class][:min(attempts, len(indices[class]))] {
			r := &runner{Test: s.Test, ctx: ctx}
			k, err := s.keep(r, class, index, c, i < toldPerTest)
			r.close()
			if err != nil {
				return err
			}
			if k.shown {
				shown[class] = k
				break
			}
		}
	}
	s.conclude(c, shown)
	return nil
}

// conclude adds the failing schedules to the result: those of classes that were shown again.
func (s *search) conclude(c Campaign, shown map[string]kept) {
	for _, t := range s.failed {
		if slices.ContainsFunc(t.Classes(), func(class string) bool { return !shown[class].shown }) {
			t = t.AsVoid(void.NotReproduced.Because(t.Breaches[0].Class))
		}
		s.fold.Add(t)
	}
	s.fold.Trials.Planned = c.Trials
	if n := s.fold.Trials; c.For > 0 || s.stopped.Load() {
		s.fold.Trials.Planned = n.Run + n.Void
	}
	s.fold.Finish()
	for i := range s.fold.Breaches {
		if b := &s.fold.Breaches[i]; shown[b.Class].dir != "" {
			b.First.Evidence, b.First.Dir = shown[b.Class].story, string(shown[b.Class].dir)
		}
	}
}

// kept is a class that a fresh process has shown, and what was kept of it.
type kept struct {
	shown bool
	dir   rundir.TrialDir
	story []string
}

// keep shows one class in a fresh process. Told says that it is made small, told and kept, too.
func (s *search) keep(r *runner, class string, index uint64, c Campaign, told bool) (k kept, err error) {
	start := explore.Failing{Workload: explore.Workload{Trial: int(index)}}
	if index > 0 {
		recorder := explore.Record(s.strategy(index, s.hints))
		o, err := r.Run(start.Workload, recorder)
		if err != nil || !slices.Contains(o.Classes, class) {
			return k, err
		}
		start.Deviations = recorder.Deviations()
	}
	whole, err := r.play(index, start.Deviations)
	if err != nil || !told || !whole.shows(class) {
		return kept{shown: err == nil && whole.shows(class)}, err
	}
	small, again, proof := start, whole, ""
	if index > 0 { // the default schedule is as small as can be
		if small, again, proof, err = s.small(r, class, start, whole); err != nil {
			return k, err
		}
	}
	if !c.Keep {
		return kept{shown: true}, nil
	}
	return s.store(r, class, c, small, again, proof)
}

// small makes a failing schedule small. What comes out was shown in a fresh process, or is what went in.
func (s *search) small(r *runner, class string, start explore.Failing, whole played) (explore.Failing, played, string, error) {
	shrunk, err := explore.Shrink(r, class, start, explore.ShrinkBudget{Replays: shrinkReplays, Steps: shrinkSteps})
	if err != nil {
		return start, whole, "", err
	}
	again, err := r.play(uint64(shrunk.Workload.Trial), shrunk.Deviations)
	if err != nil || !again.shows(class) {
		return start, whole, "", err
	}
	return shrunk.Failing, again, shrunk.Proof(), nil
}

// store writes the replay file of a failure, with its story.
func (s *search) store(r *runner, class string, c Campaign, small explore.Failing, again played, proof string) (kept, error) {
	dir, err := c.Run.NewTrial()
	if err != nil {
		return kept{}, err
	}
	file := s.file(c, small, again)
	story, err := r.tell(class, small, again, proof)
	if err != nil {
		return kept{}, err
	}
	story.Again = "racebench replay " + string(dir)
	file.Comments = strings.Split(strings.TrimSpace(story.Text()), "\n")
	if err := rundir.WriteFile(dir.Schedule(), file.Marshal()); err != nil {
		return kept{}, err
	}
	story.Title, story.Again = "", "" // every report says both itself
	return kept{shown: true, dir: dir, story: strings.Split(strings.TrimSpace(story.Text()), "\n")}, nil
}
