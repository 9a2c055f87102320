package scenario

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/racebench/racebench/internal/input"
	"github.com/racebench/racebench/scenario/spec"
)

// The directory of a project's scenarios, and the file in it that holds for all of them.
const (
	ProjectDir  = ".racebench"
	ProjectFile = "racebench.yaml"
)

// A Project is what the scenarios of one directory share. The zero Project is none.
type Project struct {
	Budget time.Duration // how long all of them together may take; 0 is no bound

	defaults Scenario // the fields of defaultWords; zero where the file says nothing
}

// IsProject reports whether a path is that of a project's file and not of a scenario.
func IsProject(path string) bool {
	return filepath.Base(path) == ProjectFile && inProject(path)
}

// ProjectOf returns the path of the file that holds for a scenario's file, whether or not there is one. It
// is empty for a scenario outside a project's directory.
func ProjectOf(path string) string {
	if !inProject(path) {
		return ""
	}
	return filepath.Join(filepath.Dir(path), ProjectFile)
}

func inProject(path string) bool {
	abs, err := filepath.Abs(path)
	return err == nil && filepath.Base(filepath.Dir(abs)) == ProjectDir
}

// defaultWords are the fields of a scenario that a project may give a default.
var defaultWords = slices.DeleteFunc(slices.Clone(words), func(w word[Scenario]) bool { return !w.shared })

// projectWords are the fields of a project's file.
var projectWords = []word[Project]{
	{name: "budget", read: func(r *reader, v spec.Value, p *Project) {
		r.positive(v, &p.Budget, "leaves no time to run: write how long all scenarios together may take, such as 90s")
	}},
	{name: "defaults", read: func(r *reader, v spec.Value, p *Project) {
		if v.Kind != spec.Map {
			r.errs.Addf(v, "defaults is a map, not %s: write it such as {trials: 20, owner: \"@acme/cart\"}", v.Kind)
			return
		}
		readFields(r, v, defaultWords, &p.defaults)
	}},
}

const emptyProject = "the file is empty: write what holds for every scenario beside it, such as budget: 90s, or leave the file out"

// ReadProject reads a project's file. The error says why it could not be read; the problems say what is
// wrong inside it. At most one of them is not nil.
func ReadProject(path string) (Project, *Problems, error) {
	data, err := input.Found(path, input.Scenario)
	if err != nil {
		return Project{}, nil, fmt.Errorf("read %s: %w", path, reason(err))
	}
	p, problems := parseProject(path, data)
	return p, problems, nil
}

func parseProject(file string, data []byte) (Project, *Problems) {
	problems := &Problems{File: file, Source: data}
	r := reader{errs: &problems.Errors}
	var p Project
	if root, ok := decodeYAML(data, r.errs, emptyProject); ok {
		r.project(root, &p)
	}
	if len(problems.Errors) > 0 {
		return Project{}, problems
	}
	return p, nil
}

func (r *reader) project(root spec.Value, p *Project) {
	if root.Kind != spec.Map {
		r.errs.Addf(root, "this file is a map of fields, not %s: begin it with a line such as budget: 90s", root.Kind)
		return
	}
	readFields(r, root, projectWords, p)
}

// scenario is an unread scenario of the project: with the defaults that hold before its file says otherwise.
func (p Project) scenario(file string, data []byte) Scenario {
	s := p.defaults
	s.File, s.Source, s.Engine, s.Budget = file, data, Real, p.Budget
	s.Trials = cmp.Or(s.Trials, DefaultTrials)
	s.Duration = cmp.Or(s.Duration, DefaultDuration)
	return s
}
