package main

import (
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
)

// scenariosHere are the scenarios that are meant where none is named: the project's.
func (a *app) scenariosHere() []string {
	found, err := filepath.Glob(filepath.Join(scenario.ProjectDir, "*.yaml"))
	if err != nil {
		return nil // the pattern is a constant
	}
	for _, path := range found {
		a.isFound(path)
	}
	return withoutProjects(found)
}

// isFound notes that a file was found in a folder: it is read as such.
func (a *app) isFound(path string) {
	if a.found == nil {
		a.found = map[string]bool{}
	}
	a.found[path] = true
}

// expanded puts the scenarios of a folder in its place. A target's name wins over a folder's, and a folder without
// scenarios is left to be refused.
func (a *app) expanded(args []string) []string {
	var files []string
	for _, arg := range args {
		entries, err := os.ReadDir(arg)
		var found []string
		for _, e := range entries {
			if path := filepath.Join(arg, e.Name()); filepath.Ext(path) == ".yaml" && !e.IsDir() {
				found = append(found, path)
				a.isFound(path)
			}
		}
		if err != nil || a.isTarget(arg) || len(found) == 0 {
			found = []string{arg}
		}
		files = append(files, found...)
	}
	return files
}

// withoutProjects leaves out the files that hold for scenarios and are none, as .racebench/*.yaml names them.
func withoutProjects(args []string) []string {
	return slices.DeleteFunc(slices.Clone(args), scenario.IsProject)
}

// readProjects reads the projects' files that some arguments name, or that hold for the scenarios they name.
// Each is read once, and load finds it.
func (a *app) readProjects(args []string) []error {
	a.projects = map[string]scenario.Project{}
	var errs []error
	for _, arg := range args {
		path := scenario.ProjectOf(arg)
		if _, known := a.projects[path]; known || path == "" {
			continue
		}
		of, problems, err := scenario.ReadProject(path)
		a.projects[path] = of
		switch {
		case problems != nil:
			errs = append(errs, usageError{&scenarioError{path, problems}})
		case err != nil && (exists(path) || scenario.IsProject(arg)):
			errs = append(errs, usageError{err})
		}
	}
	return errs
}

// budgetOf is how long the programs may take together: what the file of the one project says that they are
// all of. A count or a time that was asked for sets it aside.
func (f *runFlags) budgetOf(programs []trial.Program) time.Duration {
	if f.trials > 0 || f.forTime > 0 {
		return 0
	}
	first := programs[0].Scenario
	for _, p := range programs {
		if s := p.Scenario; s.Budget != first.Budget || scenario.ProjectOf(s.File) != scenario.ProjectOf(first.File) {
			return 0
		}
	}
	return first.Budget
}
