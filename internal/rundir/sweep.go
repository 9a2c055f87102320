package rundir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/racebench/racebench/internal/custody"
)

// Sweep takes away what is of no use in the runs below dir that were killed: trials that nobody judged, the data of
// servers, files half written, and runs in which nothing is left. It returns the runs that it touched.
func Sweep(dir string) ([]string, error) {
	locks, err := filepath.Glob(filepath.Join(quoted(dir), "2*", lockName))
	if err != nil {
		return nil, nil // the pattern is quoted
	}
	var swept []string
	for _, path := range locks {
		lock, _, ok := custody.Seize(path)
		if !ok {
			continue
		}
		r := &Run{dir: dir, path: filepath.Dir(path), lock: lock}
		if err := errors.Join(r.tidy(), r.Remove()); err != nil {
			return swept, fmt.Errorf("tidy up after a run that was killed: %w", err)
		}
		swept = append(swept, r.path)
	}
	return swept, nil
}

// quoted is a path as a pattern that only it matches.
func quoted(path string) string {
	return strings.NewReplacer(`*`, `[*]`, `?`, `[?]`, `[`, `[[]`).Replace(path)
}

// tidy takes away what a killed run left unfinished.
func (r *Run) tidy() error {
	trials, err := os.ReadDir(filepath.Join(r.path, trialsName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	broken := halfWritten(r.path)
	for _, e := range trials {
		d := TrialDir(filepath.Join(r.path, trialsName, e.Name()))
		if !e.IsDir() || d.Number() == 0 {
			continue
		}
		if !isThere(d.Verdict()) && !isThere(d.Schedule()) {
			broken = errors.Join(broken, d.Remove())
			continue
		}
		broken = errors.Join(broken, d.ClearData(), halfWritten(string(d)))
	}
	return broken
}

func isThere(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// halfWritten takes away the files of a folder that WriteFile did not finish.
func halfWritten(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") && e.Name() != ignoreName && e.Type().IsRegular() {
			err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
		}
	}
	return err
}
