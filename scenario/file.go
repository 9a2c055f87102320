package scenario

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/racebench/racebench/scenario/spec"
)

// MaxFileSize is the largest scenario file that is read, in bytes.
const MaxFileSize = 1 << 20

// ReadFile reads and parses one scenario file. The error says why it could not be read;
// the problems say what is wrong inside it. At most one of them is not nil.
func ReadFile(path string, now time.Time) (Scenario, *Problems, error) {
	return ReadFileOf(path, now, Project{})
}

// ReadFileOf is ReadFile for a scenario of a project, whose defaults hold for what the file leaves out.
func ReadFileOf(path string, now time.Time, of Project) (Scenario, *Problems, error) {
	data, err := readCapped(path)
	if err != nil {
		return Scenario{}, nil, fmt.Errorf("read scenario %s: %w", path, err)
	}
	s, problems := parse(path, data, now, of)
	return s, problems, nil
}

// readCapped reads a file up to its limit. The size is not asked for beforehand: pipes
// have none, and /dev/zero has no end.
func readCapped(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, reason(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFileSize+1))
	if err != nil {
		return nil, reason(err)
	}
	if len(data) > MaxFileSize {
		return nil, errors.New(tooLarge)
	}
	return data, nil
}

const tooLarge = "larger than 1 MiB, which no scenario is"

// reason strips the operation and the path from an error of the file system, because
// the caller names them.
func reason(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("no such file")
	case errors.Is(err, syscall.EISDIR):
		return errors.New("it is a directory: name a file in it")
	case errors.Is(err, fs.ErrPermission):
		return errors.New("permission denied")
	}
	if inner, ok := errors.AsType[*fs.PathError](err); ok {
		return inner.Err
	}
	return err
}

// Parse reads one scenario. File is used in messages only, and now decides which known
// entries have expired. Problems is nil when the scenario is good; otherwise it holds
// every error, and the scenario what could be read.
func Parse(file string, data []byte, now time.Time) (Scenario, *Problems) {
	return parse(file, data, now, Project{})
}

// emptyScenario is the error for a scenario's file that holds nothing.
const emptyScenario = "the file is empty: a scenario needs at least name and target (racebench init writes one)"

func parse(file string, data []byte, now time.Time, of Project) (Scenario, *Problems) {
	problems := &Problems{File: file, Source: data}
	if len(data) > MaxFileSize {
		problems.Source = nil
		problems.Errors.Add(errors.New(tooLarge))
		return Scenario{}, problems
	}
	r := reader{now: now, errs: &problems.Errors, s: of.scenario(file, data)}
	if root, ok := decodeYAML(data, r.errs, emptyScenario); ok {
		r.scenario(root)
	}
	if len(problems.Errors) > 0 {
		return r.s, problems
	}
	return r.s, nil
}

// warnf adds a warning about a value.
func (r *reader) warnf(at spec.Value, format string, args ...any) {
	r.s.Warnings = append(r.s.Warnings, place(r.s.File, at.Pos)+fmt.Sprintf(format, args...))
}
