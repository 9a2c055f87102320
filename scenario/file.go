package scenario

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/racebench/racebench/internal/input"
	"github.com/racebench/racebench/scenario/spec"
)

// ReadFile reads and parses one scenario file that was found in a folder. The error says why it could not be read;
// the problems say what is wrong inside it. At most one of them is not nil.
func ReadFile(path string, now time.Time) (Scenario, *Problems, error) {
	data, err := input.Found(path, input.Scenario)
	return parsed(path, data, err, now, Project{})
}

// ReadNamed is ReadFile for a file that was named on the command line, which may be a pipe, and is waited for until ctx
// ends. It may be of a project, whose defaults hold for what the file leaves out.
func ReadNamed(ctx context.Context, path string, now time.Time, of Project) (Scenario, *Problems, error) {
	data, err := input.Named(ctx, path, input.Scenario)
	return parsed(path, data, err, now, of)
}

// ReadFound is ReadFile for a scenario of a project.
func ReadFound(path string, now time.Time, of Project) (Scenario, *Problems, error) {
	data, err := input.Found(path, input.Scenario)
	return parsed(path, data, err, now, of)
}

func parsed(path string, data []byte, err error, now time.Time, of Project) (Scenario, *Problems, error) {
	if err != nil {
		return Scenario{}, nil, fmt.Errorf("read scenario %s: %w", path, reason(err))
	}
	s, problems := parse(path, data, now, of)
	return s, problems, nil
}

// reason says in fewer words that a file is not there.
func reason(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("no such file")
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
	if int64(len(data)) > input.Scenario.Limit() {
		problems.Source = nil
		problems.Errors.Add(input.Scenario.TooLarge())
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
