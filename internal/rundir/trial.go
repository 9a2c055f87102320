package rundir

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/racebench/racebench/internal/input"
)

// A TrialDir is the path of one trial's folder.
type TrialDir string

func (d TrialDir) file(name string) string { return filepath.Join(string(d), name) }

// Scenario returns the path of the pinned scenario, runnable as it is.
func (d TrialDir) Scenario() string { return d.file(scenarioName) }

// Ledger returns the path of the ledger.
func (d TrialDir) Ledger() string { return d.file("ledger") }

// Plan returns the path of what identifies the trial: target, variant, seed, index, hashes.
func (d TrialDir) Plan() string { return d.file("plan.json") }

// Schedule returns the path of the replay file of a simulated trial.
func (d TrialDir) Schedule() string { return d.file("schedule.replay") }

// Left is what the schedule of a Go test has left, from which its verdict follows.
func (d TrialDir) Left() string { return d.file("evidence.json") }

// Stderr returns the path of what the trial's processes wrote to standard error.
func (d TrialDir) Stderr() string { return d.file("stderr.txt") }

// Failure is why the trial's process could not do its work: it writes it down itself.
func (d TrialDir) Failure() string { return d.file("failure.json") }

// Goroutines returns the path of the goroutine dump of a drain that did not end.
func (d TrialDir) Goroutines() string { return d.file("goroutines.txt") }

// Repro returns the path of the script that shows the trial's breach without racebench.
func (d TrialDir) Repro() string { return d.file("repro.sh") }

// Verdict returns the path of the trial's verdict.
func (d TrialDir) Verdict() string { return d.file("verdict.json") }

// Origin returns the path of the seal that says who wrote the folder.
func (d TrialDir) Origin() string { return d.file("origin") }

// Pinned are the files that say what a replay starts.
func (d TrialDir) Pinned() []string { return []string{d.Scenario(), d.Plan(), d.Schedule()} }

// Data returns the path of the folder that the server under test may fill while the trial runs.
func (d TrialDir) Data() string { return d.file("data") }

// ClearData takes away what a server has left in Data.
func (d TrialDir) ClearData() error {
	if err := os.RemoveAll(d.Data()); err != nil {
		return fmt.Errorf("clear the trial's data: %w", err)
	}
	return nil
}

// The name of the file that says that a trial was trimmed, what it says, and how long a text file may then be.
const (
	trimmedName = "trimmed.txt"
	trimmedText = "The kept trials of this run had filled their room, so the ledger of this one was left out.\n" +
		"verdict.json says what it showed, and racebench replay runs it again.\n"
	trimmedSize = 1 << 20
)

// trim leaves the ledger out, and the ends of long texts.
func (d TrialDir) trim() error {
	if err := WriteFile(d.file(trimmedName), []byte(trimmedText)); err != nil {
		return err
	}
	for _, path := range []string{d.Stderr(), d.Goroutines()} {
		if info, err := os.Stat(path); err == nil && info.Size() > trimmedSize {
			if err := os.Truncate(path, trimmedSize); err != nil {
				return fmt.Errorf("trim trial: %w", err)
			}
		}
	}
	if err := os.Remove(d.Ledger()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("trim trial: %w", err)
	}
	return nil
}

// Trimmed says whether the trial's ledger was left out when the run had no room for it.
func (d TrialDir) Trimmed() bool {
	_, err := os.Stat(d.file(trimmedName))
	return err == nil
}

// Number returns the trial's number in its run, or 0 for a folder that was given another name.
func (d TrialDir) Number() int {
	n, err := strconv.Atoi(filepath.Base(string(d)))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// Remove takes the trial's folder away.
func (d TrialDir) Remove() error {
	if err := os.RemoveAll(string(d)); err != nil {
		return fmt.Errorf("remove trial directory: %w", err)
	}
	return nil
}

// exists says whether a trial was kept here: its plan, or of a Go test, which has none, its schedule.
func (d TrialDir) exists() bool {
	return slices.ContainsFunc([]string{d.Plan(), d.Schedule()}, func(file string) bool {
		info, err := os.Lstat(file)
		return err == nil && info.Mode().IsRegular()
	})
}

// OpenTrial returns the trials that path stands for: a trial's own folder; a run's folder with its kept
// trials in the order of their numbers; `latest`, or a folder of runs with its newest one. A path with
// no trial is an error.
func OpenTrial(path string) ([]TrialDir, error) {
	at, err := follow(path)
	if err != nil {
		return nil, fmt.Errorf("open trial %s: %w", path, err)
	}
	if d := TrialDir(at); d.exists() {
		return []TrialDir{d}, nil
	}
	trials, err := trialsOf(at)
	if err == nil && trials == nil {
		var run string
		if run, err = follow(filepath.Join(at, latestName)); err == nil {
			at = run
			trials, err = trialsOf(run)
		} else if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open trial %s: %w", path, err)
	}
	if len(trials) > 0 {
		return trials, nil
	}
	if _, err := os.Stat(filepath.Join(at, resultName)); err == nil {
		return nil, fmt.Errorf("open trial %s: %s", path, keptNone(at))
	}
	return nil, fmt.Errorf("open trial %s: there is no trial in it: neither %s nor %s", path, filepath.Base(TrialDir("").Plan()), trialsName)
}

// keptNone says why a run has no trials, and which has.
func keptNone(run string) string {
	text := "the run kept no trial"
	var of struct{ Verdict string }
	if raw, err := input.Found(filepath.Join(run, resultName), input.Result); err == nil && json.Unmarshal(raw, &of) == nil && of.Verdict == "passed" {
		text = "it passed, so there is nothing to replay; run with --keep all to keep passing trials"
	}
	all := filepath.Dir(run)
	entries, err := os.ReadDir(all) // in the order of their names, which begin with the time
	if err != nil {
		return text
	}
	for _, e := range slices.Backward(entries) {
		other := filepath.Join(all, e.Name())
		if trials, err := trialsOf(other); e.IsDir() && err == nil && len(trials) > 0 {
			return text + "; the newest run that kept any is " + other
		}
	}
	return text
}

// follow returns the folder that path is, or that a `latest` written as a file names.
func follow(path string) (string, error) {
	path = filepath.Clean(path)
	info, err := os.Stat(path)
	if err != nil {
		return "", cause(err)
	}
	if !info.IsDir() {
		if filepath.Base(path) != latestName {
			return "", errors.New("it is a file, not a directory")
		}
		name, err := input.Found(path, input.Record)
		if err != nil {
			return "", cause(err)
		}
		run := strings.TrimSpace(string(name))
		if run == "" || run != filepath.Base(run) || run == ".." || run == "." {
			return "", errors.New("it does not name a run")
		}
		path = filepath.Join(filepath.Dir(path), run)
		if _, err := os.Stat(path); err != nil {
			return "", err
		}
		return path, nil
	}
	if resolved, err := filepath.EvalSymlinks(path); err == nil && filepath.Base(path) == latestName {
		return resolved, nil // so that what is printed still names the run tomorrow
	}
	return path, nil
}

// cause leaves out the path, which the caller names.
func cause(err error) error {
	if e := new(fs.PathError); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// trialsOf returns the trials of a run's folder, nil when it is none.
func trialsOf(run string) ([]TrialDir, error) {
	all := filepath.Join(run, trialsName)
	if info, err := os.Lstat(all); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("%s in it is no folder", trialsName)
	}
	entries, err := os.ReadDir(all)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var trials []TrialDir
	for _, e := range entries {
		d := TrialDir(filepath.Join(run, trialsName, e.Name()))
		if e.IsDir() && d.Number() > 0 && d.exists() {
			trials = append(trials, d)
		}
	}
	slices.SortFunc(trials, func(a, b TrialDir) int { return cmp.Compare(a.Number(), b.Number()) })
	return trials, nil
}
