package search

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
	"github.com/racebench/racebench/engine/trial"
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
