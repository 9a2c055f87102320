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
	"github.com/racebench/racebench/internal/corpus"
	"github.com/racebench/racebench/internal/rundir"
)

const (
	// toldPerTest is how many classes of one test are shrunk, told and kept.
	toldPerTest = 6
	// shrinkReplays and shrinkSteps are what shrinking one class may take: each step is a message to another process
	// and back, and each schedule that fails costs a process.
	shrinkReplays = 800
	shrinkSteps   = 100_000
	// tellReplays and tellSteps are what may be played to find which orders a failure needs.
	tellReplays = 60
	tellSteps   = 100_000
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
	// Corpus is where failing schedules are kept, to be run first the next time; empty is nowhere.
	Corpus string
	// Progress is told what goes on; nil is silence.
	Progress func(text string)

	kept []corpus.Kept // of the package
}

// Search searches tests of a package, one result each. What was finished when ctx ended comes with its error.
func (p *Package) Search(ctx context.Context, tests []string, c Campaign) ([]*result.Campaign, error) {
	var folds []*result.Campaign
	kept, notes, err := corpus.ReadKept(c.Corpus)
	if err != nil {
		return nil, err
	}
	if c.kept = corpus.Of(kept, TargetName, p.ImportPath); !c.Shard.First() { // the first plays them for all
		c.kept, notes = nil, nil
	}
	for i, name := range tests {
		if c.Progress != nil {
			c.Progress(fmt.Sprintf("%s (%d of %d)", name, i+1, len(tests)))
		}
		t := &Test{Package: p, Name: name, Seed: c.Seed, Slack: c.Slack, Sigterm: c.Sigterm}
		s := t.newSearch(c.Budget)
		for ; len(notes) > 0; notes = notes[1:] {
			s.fold.Note(notes[0])
		}
		err := s.replayKept(ctx, c)
		if err == nil && !s.stopped.Load() {
			err = s.run(ctx)
		}
		if err == nil {
			err = s.keepAll(ctx, c)
		}
		var outside *NotControllable
		switch {
		case errors.As(err, &outside):
			s.fold = result.NewCampaign(t.header(c.Budget), result.Rules{})
			s.fold.Note(outside.Error())
			s.fold.Trials.Planned = s.budget.below(1)
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
			r := &runner{Test: s.of(index), ctx: ctx}
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
	return s.tellKept(c)
}

// conclude adds the failing schedules to the result: those of classes that were shown again.
func (s *search) conclude(c Campaign, shown map[string]kept) {
	for _, t := range s.failed {
		switch {
		case slices.ContainsFunc(t.Classes(), func(class string) bool { return !shown[class].shown }):
			t = t.AsVoid(void.NotReproduced.Because(t.Breaches[0].Class))
		case slices.ContainsFunc(t.Classes(), func(class string) bool { return shown[class].late > 0 }):
			t.Warnings, t.Breaches, t.Verdict = t.Breaches, nil, result.Passed
		}
		s.fold.Add(t)
	}
	s.fold.Trials.Planned = s.budget.below(c.Trials)
	if n := s.fold.Trials; c.For > 0 || s.stopped.Load() {
		s.fold.Trials.Planned = n.Run + n.Void
	}
	s.fold.Finish()
	for i := range s.fold.Breaches {
		b := &s.fold.Breaches[i]
		shown[b.Class].exemplify(&b.First)
	}
	for i := range s.fold.Warnings {
		w := &s.fold.Warnings[i]
		if k := shown[w.Class]; k.late > 0 {
			w.Summary += needsLate(k.late)
			k.exemplify(w.First)
		}
	}
}

func needsLate(d time.Duration) string { return fmt.Sprintf("; needs somebody to be %s late", d) }

// kept is a class that a fresh process has shown, and what was kept of it.
type kept struct {
	shown bool
	late  time.Duration // how late somebody must be for it, in a search that no slack was asked of; 0: nobody
	dir   rundir.TrialDir
	story []string
}

// exemplify makes the schedule that was kept the example of its class.
func (k kept) exemplify(first *result.FirstTrial) {
	if k.dir != "" && first != nil {
		first.Evidence, first.Dir = k.story, string(k.dir)
	}
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
	if err != nil || !whole.shows(class) {
		return kept{}, err
	}
	late := s.late > 0 && index >= s.late
	small, again, proof := start, whole, ""
	if index > 0 && told { // the default schedule is as small as can be
		if small, again, proof, err = s.small(r, class, start, whole); err != nil {
			return k, err
		}
	}
	k.shown = true
	if late {
		if again, err = r.hurry(class, small, again); err != nil {
			return k, err
		}
		k.late = r.Slack
	}
	if !c.Keep || !told {
		return k, nil
	}
	k.dir, k.story, err = s.store(r, class, c, small, again, proof)
	return k, err
}

// hurry finds the least slack with which the deviations show a class, by halving. It leaves the runner with that slack:
// none, where nobody needs to be late.
func (r *runner) hurry(class string, small explore.Failing, again played) (played, error) {
	t, given := *r.Test, r.Slack
	r.Test = &t
	const exact = 10 * time.Microsecond
	play := func(slack time.Duration) (played, error) {
		t.Slack = slack
		return r.play(uint64(small.Workload.Trial), small.Deviations)
	}
	if p, err := play(0); err != nil || p.shows(class) {
		return p, err
	}
	shown, enough, tooLittle := given, again.early, time.Duration(0) // it was seen to show with a slack of shown
	for enough-tooLittle > exact {
		middle := (tooLittle + enough) / 2
		p, err := play(middle)
		switch {
		case err != nil:
			return p, err
		case p.shows(class):
			shown, enough = middle, min(middle, p.early)
		default:
			tooLittle = middle
		}
	}
	if p, err := play(enough); err != nil || p.shows(class) {
		return p, err
	}
	return play(shown)
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
func (s *search) store(r *runner, class string, c Campaign, small explore.Failing, again played, proof string) (rundir.TrialDir, []string, error) {
	dir, err := c.Run.NewTrial()
	if err != nil {
		return "", nil, err
	}
	file := r.file(c, small, again)
	story, err := r.tell(class, small, again, proof)
	if err != nil {
		return "", nil, err
	}
	story.Again = "racebench replay " + string(dir)
	file.Comments = strings.Split(strings.TrimSpace(story.Text()), "\n")
	if r.Slack > s.Slack {
		again.left.Late = r.Slack
	}
	if err := writeTrial(dir, file, again.left); err != nil {
		return "", nil, err
	}
	if c.Corpus != "" && r.Slack <= s.Slack { // else it only warns
		if err := s.toCorpus(r.ctx, c, class, file); err != nil {
			return "", nil, err
		}
	}
	story.Title, story.Again = "", "" // every report says both itself
	return dir, strings.Split(strings.TrimSpace(story.Text()), "\n"), nil
}
