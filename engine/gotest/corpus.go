package gotest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/internal/corpus"
)

// replayKept plays the kept schedules of the test, each in a fresh process. What they show is a finding and no trial: they
// were not drawn. One that no longer is what it was is told.
func (s *search) replayKept(ctx context.Context, c Campaign) error {
	for _, k := range c.kept {
		if k.File.Variant != s.ImportPath || corpus.TestOf(k.File) != s.Name {
			continue
		}
		r, note, err := s.replayOne(ctx, k.File)
		if err != nil {
			return err
		}
		if note == "" && !r.Exact() {
			note = r.String()
		}
		if note != "" {
			s.fold.Note(corpus.NoteOf(k.Path, note))
			continue
		}
		s.fold.AddKept(r.trial, k.Path)
		for _, class := range r.Shown {
			if _, ok := s.shownBy[class]; !ok {
				s.shownBy[class], s.keptLeft[class] = k.File, r.left
			}
		}
		if s.budget.FailFast {
			s.stopped.Store(true)
		}
	}
	return nil
}

// replayOne plays a kept schedule of the test. The note says why it is not played here.
func (s *search) replayOne(ctx context.Context, f *explore.File) (r Replayed, note string, err error) {
	pin, err := parsePinned(f.Scenario)
	switch {
	case err != nil:
		return r, err.Error(), nil
	case pin.race != s.Race:
		return r, "it was recorded with another setting of --race, and is not played", nil
	case pin.slack > s.Slack:
		return r, fmt.Sprintf("it needs --slack %s, and is not played", pin.slack), nil
	}
	r, err = s.Package.replay(ctx, f, pin)
	var outside *NotControllable
	if errors.As(err, &outside) {
		return r, err.Error(), nil
	}
	return r, "", err
}

// replay plays the schedule of a file over a package that is built.
func (p *Package) replay(ctx context.Context, f *explore.File, pin pinned) (Replayed, error) {
	out := Replayed{File: f}
	seed, err := strconv.ParseUint(f.Seed, 10, 64)
	if err != nil {
		return out, fmt.Errorf("read replay file: seed: %q is no number", f.Seed)
	}
	t := &Test{Package: p, Name: pin.test, Seed: seed, Slack: pin.slack, Sigterm: pin.sigterm, Steps: pin.steps}
	if out.Stale, out.Open, err = t.stale(ctx, pin); err != nil || out.Stale != "" {
		return out, err
	}
	r := &runner{Test: t, ctx: ctx}
	defer r.close()
	again, err := r.play(uint64(f.Index), f.Deviations)
	if err != nil {
		return out, err
	}
	out.trial, out.left = again.trial, again.left
	for _, class := range f.Classes {
		if again.shows(class) {
			out.Shown = append(out.Shown, class)
		} else {
			out.Gone = append(out.Gone, class)
		}
	}
	if d := f.Compare(again.trace, again.result); d != nil {
		out.Stale = "the code has changed since it was recorded: " + d.String()
	}
	return out, nil
}

// toCorpus puts a schedule that shows a class into the folder of kept ones, without the place of its package: that is another
// one on another machine.
func (s *search) toCorpus(ctx context.Context, c Campaign, class string, f *explore.File) error {
	pin, err := parsePinned(f.Scenario)
	if err != nil {
		return err
	}
	kept := *f
	pin.dir = ""
	kept.Scenario = pin.String()
	kept.Hash = hashOf(kept.Scenario)
	var failure error
	err = corpus.Keep(c.Corpus, class, &kept, func(old *explore.File) bool {
		r, note, err := s.replayOne(ctx, old)
		failure = errors.Join(failure, err)
		return err == nil && note == "" && r.Exact() && slices.Contains(r.Shown, class)
	})
	return errors.Join(err, failure)
}

// tellKept gives what a kept schedule alone has shown a folder to replay it from, and its story.
func (s *search) tellKept(c Campaign) error {
	for i := range s.fold.Breaches {
		b := &s.fold.Breaches[i]
		file, ok := s.shownBy[b.Class]
		if !ok || b.First.Dir != "" || !c.Keep {
			continue
		}
		pin, err := parsePinned(file.Scenario)
		if err != nil {
			return err
		}
		here := *file
		pin.dir = s.Dir
		here.Scenario = pin.String()
		here.Hash = hashOf(here.Scenario)
		dir, err := c.Run.NewTrial()
		if err != nil {
			return err
		}
		if err := writeTrial(dir, &here, s.keptLeft[b.Class]); err != nil {
			return err
		}
		b.First.Dir, b.First.Evidence = string(dir), storyIn(file)
	}
	return nil
}

// storyIn is the story that stands in a file, as results have it: they say its title themselves.
func storyIn(f *explore.File) []string {
	if len(f.Comments) < 2 {
		return f.Comments
	}
	return strings.Split(strings.TrimSpace(strings.Join(f.Comments[1:], "\n")), "\n")
}

// A Replayer plays kept schedules, and keeps what it has built for them. It plays tests of the module that it stands in alone.
type Replayer struct {
	Options Options
	Dir     string // where the packages are looked for

	built map[builtFor]*Package
}

type builtFor struct {
	pkg  string
	race bool
}

// Close removes what was built.
func (p *Replayer) Close() error {
	var err error
	for _, built := range p.built {
		err = errors.Join(err, built.Close())
	}
	return err
}

// Replay plays a kept schedule.
func (p *Replayer) Replay(ctx context.Context, f *explore.File) (Replayed, error) {
	out := Replayed{File: f}
	pin, err := parsePinned(f.Scenario)
	if err != nil {
		return out, err
	}
	key := builtFor{pin.pkg, pin.race}
	built := p.built[key]
	if built == nil {
		dir, err := folderOf(ctx, p.Dir, pin.pkg)
		if err != nil {
			return out, err
		}
		o := p.Options
		o.Race = pin.race
		if built, err = Build(ctx, dir, o); err != nil {
			return out, err
		}
		if p.built == nil {
			p.built = map[builtFor]*Package{}
		}
		p.built[key] = built
	}
	out, err = built.replay(ctx, f, pin)
	if err != nil || out.Stale == "" || out.Open {
		return out, err
	}
	again, err := built.replay(ctx, f, pin)
	if err == nil && again.String() != out.String() {
		out.Open, out.Stale = true, "two runs of it differ here: something in the test does not depend on the schedule alone"
	}
	return out, err
}

// folderOf is where a package of the module in dir is. One of another module is refused: a file names it, and not the user.
func folderOf(ctx context.Context, dir, pkg string) (string, error) {
	if strings.HasPrefix(pkg, "-") || strings.Contains(pkg, "...") {
		return "", fmt.Errorf("%q is no package", pkg)
	}
	out, err := goOutput(ctx, dir, "list", "-find", "-f", "{{with .Module}}{{.Main}}{{end}} {{.Dir}}", pkg)
	main, folder, _ := strings.Cut(strings.TrimSpace(out), " ")
	if err != nil || main != "true" || folder == "" {
		return "", fmt.Errorf("the module here has no package %s: start racebench in the module of the test", pkg)
	}
	return folder, nil
}
