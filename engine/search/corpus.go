package search

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/corpus"
	"github.com/racebench/racebench/internal/rundir"
)

// addToCorpus keeps a schedule that shows class.
func addToCorpus(m *trial.Simulator, dir, class string, f *explore.File, catalog trial.Catalog) error {
	return corpus.Keep(dir, class, f, func(old *explore.File) bool {
		r, err := replay(m, old, catalog)
		return err == nil && r.Exact() && slices.Contains(r.Shown, class)
	})
}

// A CorpusEntry is a kept schedule in words.
type CorpusEntry struct {
	Path, Target, Variant, Class string
	World                        string // in one line, or the test; empty where this build cannot make it
	Steps                        int
}

// A Player plays a kept schedule of what is no simulated world.
type Player func(ctx context.Context, f *explore.File) (Replayed, error)

// A CorpusKeeper looks after folders of kept schedules. Of what it would change it tells, and changes nothing where Dry is set.
// A file that cannot be read or judged is told, and left alone. When the context ends, what was done by then is whole.
type CorpusKeeper struct {
	Catalog trial.Catalog
	Others  map[string]Player // of targets that are in no catalog, by their names
	Dry     bool
	Tell    func(text string)
}

// List returns the entries of a folder in the order of their names, and what is wrong with those that cannot be read.
func (k CorpusKeeper) List(dir string) (entries []CorpusEntry, unread []string, err error) {
	kept, unread, err := corpus.ReadKept(dir)
	for _, one := range kept {
		e := CorpusEntry{Path: one.Path, Target: one.File.Target, Variant: one.File.Variant, Class: strings.Join(one.Classes(), ", "), Steps: one.File.Steps}
		if _, other := k.Others[one.File.Target]; other {
			e.World = corpus.TestOf(one.File)
		} else if plan, stale, err := PlanOfFile(one.File, k.Catalog); err == nil && stale == "" {
			e.World = worldOf(plan)
		}
		entries = append(entries, e)
	}
	return entries, unread, err
}

// Prune replays every entry of a folder. Those that show none of their classes any more go, and those for all of whose classes
// another is better. What cannot be judged is told, and left alone.
func (k CorpusKeeper) Prune(ctx context.Context, dir string) (unread []string, err error) {
	kept, unread, err := corpus.ReadKept(dir)
	if err != nil {
		return unread, err
	}
	m, err := trial.NewSimulator()
	if err != nil {
		return unread, err
	}
	defer m.Close()
	var showing []judged
	dropped, best := 0, map[[4]string]judged{}
	for _, one := range kept {
		if ctx.Err() != nil {
			return unread, ctx.Err()
		}
		j, open := k.judge(ctx, m, one)
		switch {
		case open != "":
			unread = append(unread, corpus.NoteOf(one.Path, open))
		case len(j.shown) == 0:
			dropped++
			if err := k.drop(one.Path, j.why); err != nil {
				return unread, err
			}
		default:
			showing = append(showing, j)
			for _, class := range j.shown {
				if other, twice := best[kind(j.Kept, class)]; !twice || j.better(other) {
					best[kind(j.Kept, class)] = j
				}
			}
		}
	}
	for _, j := range showing {
		needed, others := false, []string(nil)
		for _, class := range j.shown {
			rival := best[kind(j.Kept, class)]
			needed = needed || rival.Path == j.Path
			others = append(others, rival.Path+" shows "+class+rival.beside(j))
		}
		switch {
		case !needed:
			dropped++
			if err := k.drop(j.Path, strings.Join(others, "; ")); err != nil {
				return unread, err
			}
		case j.why != "":
			k.Tell(j.Path + " stays, for it still shows " + strings.Join(j.shown, " and ") + ", but it is " + j.why)
		}
	}
	k.Tell(fmt.Sprintf("%d of %d schedules stay in %s", len(kept)-dropped, len(kept), dir))
	return unread, nil
}

// Merge puts the entries of other folders into one, which is made where it is not there: of each class and variant the
// smallest that still shows it.
func (k CorpusKeeper) Merge(ctx context.Context, into string, from []string) (unread []string, err error) {
	m, err := trial.NewSimulator()
	if err != nil {
		return nil, err
	}
	defer m.Close()
	for _, dir := range from {
		kept, notes, err := corpus.ReadKept(dir)
		unread = append(unread, notes...)
		if err != nil {
			return unread, err
		}
		for _, one := range kept {
			if ctx.Err() != nil {
				return unread, ctx.Err()
			}
			j, open := k.judge(ctx, m, one)
			switch {
			case open != "":
				unread = append(unread, corpus.NoteOf(one.Path, open))
				continue
			case j.why != "":
				k.Tell("left out " + one.Path + ": " + j.why)
				continue
			}
			for _, class := range j.shown {
				note, err := k.place(ctx, m, into, j, class)
				if err != nil {
					return unread, err
				}
				if note != "" {
					unread = append(unread, note)
				}
			}
		}
	}
	return unread, nil
}

// kind is what there is one entry of.
func kind(one corpus.Kept, class string) [4]string {
	return [4]string{one.File.Target, one.File.Variant, corpus.TestOf(one.File), class}
}

// A judged entry was played again.
type judged struct {
	corpus.Kept
	shown []string // of what it is kept for
	why   string   // it did not play as it was recorded, or shows nothing
}

// better says whether another entry is not needed beside this one.
func (j judged) better(than judged) bool {
	if (j.why == "") != (than.why == "") {
		return j.why == ""
	}
	return corpus.Smaller(j.File, than.File)
}

// beside says why it is kept rather than another one.
func (j judged) beside(other judged) string {
	if (j.why == "") != (other.why == "") {
		return " as it was recorded"
	}
	return ", and is no larger"
}

// judge plays an entry again. Open says why this build cannot tell whether it still fails.
func (k CorpusKeeper) judge(ctx context.Context, m *trial.Simulator, one corpus.Kept) (j judged, open string) {
	play, other := k.Others[one.File.Target]
	if _, known := k.Catalog.Find(one.File.Target); !known && !other {
		return j, fmt.Sprintf("this build has no target %q to play it with", one.File.Target)
	}
	var r Replayed
	var err error
	if other {
		r, err = play(ctx, one.File)
	} else {
		r, err = replay(m, one.File, k.Catalog)
	}
	switch {
	case err != nil:
		return j, err.Error()
	case r.Open:
		return j, r.Stale
	}
	j.Kept = one
	for _, class := range one.Classes() {
		if slices.Contains(r.Shown, class) {
			j.shown = append(j.shown, class)
		}
	}
	switch {
	case r.Stale != "":
		j.why = r.String()
	case len(j.shown) == 0:
		j.why = "every step was as recorded, and it no longer shows " + cmp.Or(strings.Join(one.Classes(), " or "), "anything")
	}
	return j, ""
}

func (k CorpusKeeper) drop(path, why string) error {
	if k.Dry {
		k.Tell("would drop " + path + ": " + why)
		return nil
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("drop a kept schedule: %w", err)
	}
	k.Tell("dropped " + path + ": " + why)
	return nil
}

// place puts an entry that still shows a class into a folder, unless one that is as small does so there. The note is about a
// file that is in its place, and is left alone.
func (k CorpusKeeper) place(ctx context.Context, m *trial.Simulator, into string, one judged, class string) (note string, err error) {
	path := filepath.Join(into, corpus.Name(one.File, class))
	old, err := corpus.ReadSchedule(path)
	what := "added "
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return corpus.NoteOf(path, err.Error()), nil
	default:
		there := corpus.Kept{Path: path, File: old}
		if !slices.Contains(old.Classes, class) || kind(there, class) != kind(one.Kept, class) {
			return corpus.NoteOf(path, "it is named after what it does not show, and is in the place of "+one.Path), nil
		}
		was, open := k.judge(ctx, m, there)
		if open == "" && slices.Contains(was.shown, class) && !one.better(was) {
			return "", nil
		}
		what = "replaced "
	}
	if k.Dry {
		k.Tell("not " + what + path + " from " + one.Path + ": it is a dry run")
		return "", nil
	}
	if err := errors.Join(os.MkdirAll(into, 0o755), rundir.WriteShared(path, one.File.Marshal())); err != nil {
		return "", fmt.Errorf("keep the schedule: %w", err)
	}
	k.Tell(what + path + " from " + one.Path)
	return "", nil
}
