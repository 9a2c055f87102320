package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
)

func (a *app) validateCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "validate [SCENARIO.yaml]...",
		Short:   "Check scenario files, run nothing; silent when they are good",
		Long:    "Check scenario files and run nothing; without arguments every .racebench/*.yaml. Good files\nare checked in silence.",
		Example: "  racebench validate .racebench/*.yaml",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				if args = a.scenariosHere(); len(args) == 0 {
					return usagef("racebench validate needs a scenario file: there is no .racebench/*.yaml here")
				}
			}
			args = a.expanded(args)
			errs := a.readProjects(args)
			for _, path := range withoutProjects(args) {
				if _, err := a.load(path); err != nil {
					errs = append(errs, err)
				}
			}
			return a.refuse(errs)
		},
	}
}

// A scenarioError is all that is wrong inside one scenario file.
type scenarioError struct {
	file     string
	problems *scenario.Problems
}

// Error returns a summary; the problems themselves are shown with their lines.
func (e *scenarioError) Error() string {
	n := e.problems.Count()
	if n == 1 {
		return e.file + " has an error; nothing was run"
	}
	return fmt.Sprintf("%s has %d errors; nothing was run", e.file, n)
}

// load reads and compiles one scenario file, with the defaults of the project it belongs to.
func (a *app) load(path string) (trial.Program, error) {
	of := a.projects[scenario.ProjectOf(path)]
	read := func() (scenario.Scenario, *scenario.Problems, error) {
		if a.found[path] {
			return scenario.ReadFound(path, time.Now(), of)
		}
		return scenario.ReadNamed(a.ctx, path, time.Now(), of)
	}
	s, problems, err := read()
	if err != nil {
		return trial.Program{}, usageError{err}
	}
	s, missing := s.Filled(a.catalog.Vocabulary(), os.LookupEnv)
	if len(missing) > 0 && problems == nil {
		return trial.Program{}, usagef("%s: a secret has no value: write it, or set %s in racebench's own environment", path, strings.Join(missing, " and "))
	}
	program, errs := trial.Compile(s, a.catalog)
	if problems != nil || len(errs) > 0 {
		return program, usageError{&scenarioError{path, merged(s, problems, errs)}}
	}
	for _, w := range s.Warnings {
		a.stderr.Say("warning:", w)
	}
	return program, nil
}

// refuse shows everything that is wrong with the arguments, and returns one error for it: nothing is run
// when anything is.
func (a *app) refuse(errs []error) error {
	for _, err := range errs {
		if bad, ok := errors.AsType[*scenarioError](err); ok {
			_, _ = io.WriteString(a.stderr, bad.problems.Error()+"\n")
		} else if len(errs) > 1 {
			a.stderr.Say(err)
		}
	}
	switch len(errs) {
	case 0:
		return nil
	case 1:
		return errs[0]
	}
	return usagef("%d arguments have errors; nothing was run", len(errs))
}

func (a *app) schemaCommand() *cobra.Command {
	var ofResult bool
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the scenario format, or of the result format",
		Example: `  racebench schema --result    # for programs that read -o json
  mkdir -p .racebench && racebench schema > .racebench/racebench.schema.json`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			text := scenario.Schema(a.catalog.Vocabulary())
			if ofResult {
				text = result.SchemaJSON()
			}
			_, err := a.stdout.Write(text)
			return err
		},
	}
	cmd.Flags().BoolVar(&ofResult, "result", false, "the schema of racebench.result/v1")
	return cmd
}

// noArgs refuses arguments.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no argument, such as %q: see %s --help", cmd.CommandPath(), args[0], cmd.CommandPath())
	}
	return nil
}

// needArgs asks for at least one argument and says what it is.
func needArgs(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef("%s needs %s: see %s --help", cmd.CommandPath(), what, cmd.CommandPath())
		}
		return nil
	}
}

// needOne asks for exactly one argument and says what it is.
func needOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usagef("%s takes one path, and %q is a second: see %s --help", cmd.CommandPath(), args[1], cmd.CommandPath())
		}
		return needArgs(what)(cmd, args)
	}
}

// merged joins the errors of a file's grammar with those of its words, so that all are reported at once.
func merged(s scenario.Scenario, problems *scenario.Problems, errs spec.Errors) *scenario.Problems {
	if problems == nil {
		return s.Problems(errs)
	}
	problems.Add(errs)
	return problems
}
