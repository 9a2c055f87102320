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
	"github.com/racebench/racebench/internal/input"
	"github.com/racebench/racebench/internal/rundir"
)

// A keptSchedule is one replay file of a corpus.
type keptSchedule struct {
	path string
	file *explore.File
}

// readCorpus reads the replay files of a directory in the order of their names. A directory that is not there
// holds none. What cannot be read is told in notes, for it may fail all the same.
func readCorpus(dir string) (kept []keptSchedule, notes []string, err error) {
	if dir == "" {
		return nil, nil, nil
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read corpus: %w", err)
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if filepath.Ext(path) != ".replay" {
			continue
		}
		file, err := readSchedule(path)
		if err != nil {
			notes = append(notes, noteOfKept(path, err.Error()))
			continue
		}
		kept = append(kept, keptSchedule{path, file})
	}
	return kept, notes, nil
}

// ofVariant is those of one variant.
func ofVariant(kept []keptSchedule, target, variant string) []keptSchedule {
	return slices.DeleteFunc(slices.Clone(kept), func(k keptSchedule) bool { return k.file.Target != target || k.file.Variant != variant })
}

func readSchedule(path string) (*explore.File, error) {
	raw, err := input.Found(path, input.Schedule)
	if err != nil {
		return nil, err
	}
	return explore.ParseFile(raw)
}

func noteOfKept(path, what string) string { return fmt.Sprintf("kept schedule %s: %s", path, what) }

// addToCorpus keeps a schedule that shows class, unless the corpus has one of that class that is as small: files of
// a corpus are committed, and change only for the better. An old one that no longer shows the class gives way.
func addToCorpus(m *trial.Simulator, dir, class string, f *explore.File, catalog trial.Catalog) error {
	path := filepath.Join(dir, corpusName(f, class))
	switch old, err := readSchedule(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil // whoever reads the corpus is told; what it was is not ours to throw away
	default:
		r, err := replay(m, old, catalog)
		if err == nil && r.Exact() && slices.Contains(r.Shown, class) && !smaller(f, old) {
			return nil
		}
	}
	kept := *f
	kept.Comments = slices.DeleteFunc(slices.Clone(f.Comments), func(line string) bool {
		return strings.HasPrefix(strings.TrimSpace(line), "again ") // in a directory that is not committed
	})
	if err := errors.Join(os.MkdirAll(dir, 0o755), rundir.WriteShared(path, kept.Marshal())); err != nil {
		return fmt.Errorf("keep the schedule: %w", err)
	}
	return nil
}

// smaller says whether a schedule is easier to follow than another: fewer preemptions, else fewer deviations, a
// smaller workload, fewer steps.
func smaller(a, b *explore.File) bool {
	return cmp.Or(cmp.Compare(preemptionsOf(a), preemptionsOf(b)), cmp.Compare(len(a.Deviations), len(b.Deviations)),
		cmp.Compare(a.Clients, b.Clients), cmp.Compare(a.Ops, b.Ops), cmp.Compare(a.Steps, b.Steps)) < 0
}

func preemptionsOf(f *explore.File) int {
	n := 0
	for _, d := range f.Deviations {
		if d.Preempts() {
			n++
		}
	}
	return n
}

// corpusName is the file of a failure in a corpus: one for each class of a variant.
func corpusName(f *explore.File, class string) string {
	class = strings.Map(func(r rune) rune {
		if r == '/' || r == ' ' || r == os.PathSeparator {
			return '-'
		}
		return r
	}, class)
	return fmt.Sprintf("%s-%s-%s.replay", f.Target, f.Variant, class)
}

// A CorpusEntry is a kept schedule in words.
type CorpusEntry struct {
	Path, Target, Variant, Class string
	World                        string // in one line; empty where this build cannot make it
	Steps                        int
}

// A CorpusKeeper looks after folders of kept schedules. Of what it would change it tells, and changes nothing where Dry is set.
// A file that cannot be read or judged is told, and left alone. When the context ends, what was done by then is whole.
type CorpusKeeper struct {
	Catalog trial.Catalog
	Dry     bool
	Tell    func(text string)
}

// List returns the entries of a folder in the order of their names, and what is wrong with those that cannot be read.
func (k CorpusKeeper) List(dir string) (entries []CorpusEntry, unread []string, err error) {
	kept, unread, err := readCorpus(dir)
	for _, one := range kept {
		e := CorpusEntry{Path: one.path, Target: one.file.Target, Variant: one.file.Variant, Class: strings.Join(one.classes(), ", "), Steps: one.file.Steps}
		if plan, stale, err := PlanOfFile(one.file, k.Catalog); err == nil && stale == "" {
			e.World = worldOf(plan)
		}
		entries = append(entries, e)
	}
	return entries, unread, err
}

// Prune replays every entry of a folder. Those that show none of their classes any more go, and those for all of whose classes
// another is better. What cannot be judged is told, and left alone.
func (k CorpusKeeper) Prune(ctx context.Context, dir string) (unread []string, err error) {
	kept, unread, err := readCorpus(dir)
	if err != nil {
		return unread, err
	}
	m, err := trial.NewSimulator()
	if err != nil {
		return unread, err
	}
	defer m.Close()
	var showing []judged
	dropped, best := 0, map[[3]string]judged{}
	for _, one := range kept {
		if ctx.Err() != nil {
			return unread, ctx.Err()
		}
		j, open := k.judge(m, one)
		switch {
		case open != "":
			unread = append(unread, noteOfKept(one.path, open))
		case len(j.shown) == 0:
			dropped++
			if err := k.drop(one.path, j.why); err != nil {
				return unread, err
			}
		default:
			showing = append(showing, j)
			for _, class := range j.shown {
				if other, twice := best[j.kind(class)]; !twice || j.better(other) {
					best[j.kind(class)] = j
				}
			}
		}
	}
	for _, j := range showing {
		needed, others := false, []string(nil)
		for _, class := range j.shown {
			rival := best[j.kind(class)]
			needed = needed || rival.path == j.path
			others = append(others, rival.path+" shows "+class+rival.beside(j))
		}
		switch {
		case !needed:
			dropped++
			if err := k.drop(j.path, strings.Join(others, "; ")); err != nil {
				return unread, err
			}
		case j.why != "":
			k.Tell(j.path + " stays, for it still shows " + strings.Join(j.shown, " and ") + ", but it is " + j.why)
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
		kept, notes, err := readCorpus(dir)
		unread = append(unread, notes...)
		if err != nil {
			return unread, err
		}
		for _, one := range kept {
			if ctx.Err() != nil {
				return unread, ctx.Err()
			}
			j, open := k.judge(m, one)
			switch {
			case open != "":
				unread = append(unread, noteOfKept(one.path, open))
				continue
			case j.why != "":
				k.Tell("left out " + one.path + ": " + j.why)
				continue
			}
			for _, class := range j.shown {
				note, err := k.place(m, into, j, class)
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

// classes are what an entry is kept for: the class that it is named after, else all that it showed.
func (one keptSchedule) classes() []string {
	name := corpus.Family(filepath.Base(one.path))
	for _, class := range one.file.Classes {
		if corpusName(one.file, class) == name {
			return []string{class}
		}
	}
	return one.file.Classes
}

// kind is what there is one entry of.
func (one keptSchedule) kind(class string) [3]string {
	return [3]string{one.file.Target, one.file.Variant, class}
}

// A judged entry was played again.
type judged struct {
	keptSchedule
	shown []string // of what it is kept for
	why   string   // it did not play as it was recorded, or shows nothing
}

// better says whether another entry is not needed beside this one.
func (j judged) better(than judged) bool {
	if (j.why == "") != (than.why == "") {
		return j.why == ""
	}
	return smaller(j.file, than.file)
}

// beside says why it is kept rather than another one.
func (j judged) beside(other judged) string {
	if (j.why == "") != (other.why == "") {
		return " as it was recorded"
	}
	return ", and is no larger"
}

// judge plays an entry again. Open says why this build cannot tell whether it still fails.
func (k CorpusKeeper) judge(m *trial.Simulator, one keptSchedule) (j judged, open string) {
	if _, known := k.Catalog.Find(one.file.Target); !known {
		return j, fmt.Sprintf("this build has no target %q to play it with", one.file.Target)
	}
	r, err := replay(m, one.file, k.Catalog)
	switch {
	case err != nil:
		return j, err.Error()
	case r.Open:
		return j, r.Stale
	}
	j.keptSchedule = one
	for _, class := range one.classes() {
		if slices.Contains(r.Shown, class) {
			j.shown = append(j.shown, class)
		}
	}
	switch {
	case r.Stale != "":
		j.why = r.String()
	case len(j.shown) == 0:
		j.why = "every step was as recorded, and it no longer shows " + cmp.Or(strings.Join(one.classes(), " or "), "anything")
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
func (k CorpusKeeper) place(m *trial.Simulator, into string, one judged, class string) (note string, err error) {
	path := filepath.Join(into, corpusName(one.file, class))
	old, err := readSchedule(path)
	what := "added "
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return noteOfKept(path, err.Error()), nil
	default:
		there := keptSchedule{path, old}
		if !slices.Contains(old.Classes, class) || there.kind(class) != one.kind(class) {
			return noteOfKept(path, "it is named after what it does not show, and is in the place of "+one.path), nil
		}
		was, open := k.judge(m, there)
		if open == "" && slices.Contains(was.shown, class) && !one.better(was) {
			return "", nil
		}
		what = "replaced "
	}
	if k.Dry {
		k.Tell("not " + what + path + " from " + one.path + ": it is a dry run")
		return "", nil
	}
	if err := errors.Join(os.MkdirAll(into, 0o755), rundir.WriteShared(path, one.file.Marshal())); err != nil {
		return "", fmt.Errorf("keep the schedule: %w", err)
	}
	k.Tell(what + path + " from " + one.path)
	return "", nil
}
