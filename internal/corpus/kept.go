package corpus

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/internal/input"
	"github.com/racebench/racebench/internal/rundir"
)

// A Kept is one replay file of a folder.
type Kept struct {
	Path string
	File *explore.File
}

// ReadKept reads the replay files of a folder in the order of their names. A folder that is not there holds none. What
// cannot be read is told in notes, for it may fail all the same.
func ReadKept(dir string) (kept []Kept, notes []string, err error) {
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
		if filepath.Ext(path) != extension {
			continue
		}
		file, err := ReadSchedule(path)
		if err != nil {
			notes = append(notes, NoteOf(path, err.Error()))
			continue
		}
		kept = append(kept, Kept{path, file})
	}
	return kept, notes, nil
}

// Of is those of one variant.
func Of(kept []Kept, target, variant string) []Kept {
	return slices.DeleteFunc(slices.Clone(kept), func(k Kept) bool { return k.File.Target != target || k.File.Variant != variant })
}

// ReadSchedule reads one replay file.
func ReadSchedule(path string) (*explore.File, error) {
	raw, err := input.Found(path, input.Schedule)
	if err != nil {
		return nil, err
	}
	return explore.ParseFile(raw)
}

// NoteOf is what a result says of a kept schedule.
func NoteOf(path, what string) string { return fmt.Sprintf("kept schedule %s: %s", path, what) }

// Keep keeps a schedule that shows class, unless the folder has one of that class that is as small and shows it still: files
// of a corpus are committed, and change only for the better. An old one that no longer shows the class gives way.
func Keep(dir, class string, f *explore.File, shows func(old *explore.File) bool) error {
	path := filepath.Join(dir, Name(f, class))
	switch old, err := ReadSchedule(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil // whoever reads the corpus is told; what it was is not ours to throw away
	case !Smaller(f, old) && shows(old):
		return nil
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

// Smaller says whether a schedule is easier to follow than another: fewer preemptions, else fewer deviations, a
// smaller workload, fewer steps.
func Smaller(a, b *explore.File) bool {
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

// TestOf is the Go test that a replay file plays, which stands in the first line of what it pins; empty for all others.
func TestOf(f *explore.File) string {
	first, _, _ := strings.Cut(f.Scenario, "\n")
	test, _ := strings.CutPrefix(first, "test: ")
	if test == first {
		return ""
	}
	return test
}

// Name is the file of a failure in a corpus: one for each class of a variant, or of a Go test.
func Name(f *explore.File, class string) string {
	parts := []string{f.Target, f.Variant, class}
	if test := TestOf(f); test != "" {
		parts = slices.Insert(parts, 2, test)
	}
	return strings.Map(func(r rune) rune {
		if r == '/' || r == ' ' || r == os.PathSeparator {
			return '-'
		}
		return r
	}, strings.Join(parts, "-")) + extension
}

// Classes are what an entry is kept for: the class that it is named after, else all that it showed.
func (k Kept) Classes() []string {
	name := Family(filepath.Base(k.Path))
	for _, class := range k.File.Classes {
		if Name(k.File, class) == name {
			return []string{class}
		}
	}
	return k.File.Classes
}
