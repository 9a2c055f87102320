// Package rundir knows how a run is laid out on disk. It is the only one that does:
//
//	DIR/.gitignore                    "*"
//	DIR/latest                        a link to the newest run
//	DIR/20261121-101530-4f9a2c/       one run, its user's alone
//	    .gitignore                    "*", wherever the run is moved
//	    running.lock                  while it runs
//	    result.json  scenario.yaml (of a probe)
//	    base.json                     of a gate that ran two sides: the base's result
//	    requests.jsonl                of plain load: single requests
//	    trials/000001/                one kept trial, complete in itself
//	        scenario.yaml  plan.json  ledger  verdict.json  stderr.txt  goroutines.txt
//
// A file is either absent or whole, except for the ledger, the two text files and the requests, which a process that
// may be killed writes as it goes.
package rundir

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/racebench/racebench/internal/custody"
	"github.com/racebench/racebench/scenario/secret"
)

const (
	resultName   = "result.json"
	scenarioName = "scenario.yaml"
	baseName     = "base.json"
	requestsName = "requests.jsonl"
	trialsName   = "trials"
	latestName   = "latest"
	ignoreName   = ".gitignore"
	lockName     = "running.lock"
	stamp        = "20060102-150405"
)

// A Run is the folder of one run.
type Run struct {
	dir  string // of all runs
	path string
	lock *os.File // held as long as it runs; nil where the system has no such locks

	mu     sync.Mutex
	trials int   // that were begun
	kept   int64 // bytes of the kept trials
	room   int64 // how many there may be before ledgers are left out
}

// Create makes the folder of a new run below dir, and dir itself with a .gitignore that hides it where
// it does not exist. now names the folder.
func Create(dir string, now time.Time) (*Run, error) {
	if err := makeDir(dir); err != nil {
		return nil, err
	}
	for {
		var chance [3]byte
		_, _ = rand.Read(chance[:]) // never fails
		path := filepath.Join(dir, now.Format(stamp)+"-"+hex.EncodeToString(chance[:]))
		err := os.Mkdir(path, 0o700)
		if errors.Is(err, fs.ErrExist) {
			continue // another run of this second drew the same six digits
		}
		if err != nil {
			return nil, fmt.Errorf("make run directory: %w", err)
		}
		r := &Run{dir: dir, path: path, room: Room}
		if r.lock, err = custody.Hold(filepath.Join(path, lockName)); err != nil {
			_ = os.Remove(path)
			return nil, fmt.Errorf("make run directory: %w", err)
		}
		return r, WriteFile(filepath.Join(path, ignoreName), []byte("*\n"))
	}
}

func makeDir(dir string) error {
	info, err := os.Stat(dir)
	if err == nil {
		if !info.IsDir() {
			return fmt.Errorf("make run directory: %s is a file, not a directory", dir)
		}
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("make run directory: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make run directory: %w", err)
	}
	return WriteFile(filepath.Join(dir, ignoreName), []byte("*\n"))
}

// Path returns the run's folder.
func (r *Run) Path() string { return r.path }

// Result returns the path of the run's result.
func (r *Run) Result() string { return filepath.Join(r.Path(), resultName) }

// Scenario returns the path of the scenario that a run without a scenario file was made of.
func (r *Run) Scenario() string { return filepath.Join(r.path, scenarioName) }

// ErrNoScenario says that a folder holds no scenario.
var ErrNoScenario = errors.New("there is no " + scenarioName + " in it")

// ScenarioOf returns the scenario that a run's or a trial's folder holds. Of latest it is that of the newest run that
// holds one, which is older where the newest run is no probe's.
func ScenarioOf(dir string) (path string, older bool, err error) {
	at, err := follow(dir)
	if err != nil {
		return "", false, fmt.Errorf("read %s: %w", dir, err)
	}
	path = filepath.Join(at, scenarioName)
	if _, err := os.Stat(path); err == nil {
		return path, false, nil
	}
	if filepath.Base(dir) == latestName {
		// The names of runs begin with their times, so that the last of them is the newest.
		runs, err := filepath.Glob(filepath.Join(filepath.Dir(at), "[0-9]*", scenarioName))
		if err == nil && len(runs) > 0 {
			return slices.Max(runs), true, nil
		}
	}
	return "", false, fmt.Errorf("read %s: %w", dir, ErrNoScenario)
}

// Base returns the path of the result that the run's own was compared with, where it ran both.
func (r *Run) Base() string { return filepath.Join(r.path, baseName) }

// Requests returns the path of the single requests of plain load that are recorded.
func (r *Run) Requests() string { return filepath.Join(r.path, requestsName) }

// NewTrial makes the folder of the next trial. Trials are numbered from 1 through the whole run, in the order in which
// they are begun, and also those that are not kept.
func (r *Run) NewTrial() (TrialDir, error) {
	r.mu.Lock()
	r.trials++
	number := r.trials
	r.mu.Unlock()
	trials := filepath.Join(r.path, trialsName)
	if err := os.Mkdir(trials, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("make trial directory: %w", err)
	}
	path := filepath.Join(trials, fmt.Sprintf("%06d", number))
	if err := os.Mkdir(path, 0o700); err != nil {
		return "", fmt.Errorf("make trial directory: %w", err)
	}
	return TrialDir(path), nil
}

// Room is how many bytes the kept trials of a run may take. Those that are kept when it is full are kept without
// their ledgers.
const Room = 100 << 20

// Keep counts a trial that stays, with its verdict written. Where there is no room for all of it, it is trimmed
// to its evidence: verdict, stacks, and the beginning of what was printed.
func (r *Run) Keep(d TrialDir) error {
	size, err := Usage(string(d))
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept+size > r.room {
		if err := d.trim(); err != nil {
			return err
		}
		if size, err = Usage(string(d)); err != nil {
			return err
		}
	}
	r.kept += size
	return nil
}

// Finish writes the run's result and points `latest` at the run. The folder for trials goes when none
// was kept.
func (r *Run) Finish(result []byte) error {
	_ = os.Remove(filepath.Join(r.path, trialsName)) // refuses when trials were kept
	if err := WriteFile(r.Result(), result); err != nil {
		return err
	}
	r.over()
	return r.pointLatest()
}

// Remove takes away a run that has left nothing: no result and no trial. A run that has left something
// stays, without an error.
func (r *Run) Remove() error {
	_ = os.Remove(filepath.Join(r.path, trialsName))
	r.over()
	left, err := os.ReadDir(r.path)
	if err != nil || len(left) > 1 || len(left) == 1 && left[0].Name() != ignoreName {
		return err
	}
	return os.RemoveAll(r.path)
}

// over lets go of the run's lock.
func (r *Run) over() {
	if r.lock != nil {
		_ = os.Remove(r.lock.Name())
		_ = r.lock.Close()
		r.lock = nil
	}
}

// pointLatest moves `latest` in one step. Where links cannot be made it is a file with the run's name.
func (r *Run) pointLatest() error {
	latest := filepath.Join(r.dir, latestName)
	temp := filepath.Join(r.dir, "."+latestName+"-"+filepath.Base(r.path))
	if err := os.Symlink(filepath.Base(r.path), temp); err == nil {
		if err = os.Rename(temp, latest); err == nil {
			return nil
		}
		_ = os.Remove(temp)
	}
	return WriteFile(latest, []byte(filepath.Base(r.path)+"\n"))
}

// WriteFile writes a file that is its user's alone, so that it is absent, the old one or the whole new one at every
// moment, also after a kill. Its errors name the file.
func WriteFile(path string, data []byte) error { return writeFile(path, data, 0o600) }

// WriteShared is WriteFile for what is meant for others: reports, baselines, schedules that are committed.
func WriteShared(path string, data []byte) error { return writeFile(path, data, 0o644) }

func writeFile(path string, data []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	temp := f.Name()
	_, err = f.Write(secret.Scrub(data))
	if err == nil {
		err = f.Chmod(mode)
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		_ = os.Remove(temp)
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// Usage returns how many bytes the files below dir take. A directory that does not exist takes none,
// and files that vanish meanwhile are not counted.
func Usage(dir string) (int64, error) {
	var total int64
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			var info fs.FileInfo
			if info, err = d.Info(); err == nil {
				total += info.Size()
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		return total, fmt.Errorf("measure %s: %w", dir, err)
	}
	return total, nil
}
