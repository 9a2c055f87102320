package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/racebench/racebench/scenario"
)

func (a *app) initCommand() *cobra.Command {
	var toStdout bool
	var ci, from string
	cmd := &cobra.Command{
		Use:   "init [TARGET | --from PATH]",
		Short: "Write a commented scenario to start from",
		Long: `Write a target's example scenario into .racebench/TARGET.yaml. With --ci also write a
workflow that gates every change; where no TARGET is named, the scenario is one of a
program of your own, and is left out when .racebench has any. Build and command are what
go.mod, package.json, pyproject.toml, Makefile or Dockerfile say. With --from the
scenario is what a probe found out, or that of a recorded trial. Nothing is
overwritten.`,
		Example: `  racebench init broker
  racebench init broker --stdout
  racebench init --from racebench-runs/latest
  racebench init --ci github`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("%s takes one target, and %q is a second", cmd.CommandPath(), args[1])
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if from != "" && len(args) > 0 {
				return usagef("--from %s and the target %s exclude each other", from, args[0])
			}
			if from != "" && ci != "" {
				if err := a.writeWorkflow(ci, false); err != nil {
					return err
				}
			}
			if from != "" {
				return a.initFrom(from, toStdout)
			}
			name := a.catalog.Names()[0]
			if ci != "" {
				name = scenario.External // what a project wants to gate is its own server
			}
			if len(args) > 0 {
				name = args[0]
			}
			t, ok := a.catalog.Find(name)
			if !ok {
				return a.noTarget(name)
			}
			if ci != "" {
				if toStdout || len(args) == 0 && len(a.scenariosHere()) > 0 {
					return a.writeWorkflow(ci, toStdout)
				}
				if err := a.writeWorkflow(ci, false); err != nil {
					return err
				}
			}
			return a.writeExample(name, t.Example, toStdout)
		},
	}
	cmd.Flags().BoolVar(&toStdout, "stdout", false, "print the scenario, or with --ci the workflow, instead")
	cmd.Flags().StringVar(&from, "from", "", "the run of a probe, or a trial, in `PATH`")
	cmd.Flags().StringVar(&ci, "ci", "", "also write a workflow for `SYSTEM`: github or gitlab")
	return cmd
}

// writeExample writes a target's example and the schema that it names, or prints it.
func (a *app) writeExample(name string, text []byte, toStdout bool) error {
	if name == scenario.External {
		text = projectHere().starts(text)
	}
	if toStdout {
		_, err := a.stdout.Write(text)
		return err
	}
	if err := a.writeScenario(name, text); err != nil {
		return err
	}
	return a.writeSchema()
}

// writeScenario writes a new scenario of the project.
func (a *app) writeScenario(name string, text []byte) error {
	path := filepath.Join(scenario.ProjectDir, name+".yaml")
	return a.writeNew(path, text, "run it with: "+me()+" run "+path)
}

// writeNew writes a file that must not exist yet, and says what to do with it next.
func (a *app) writeNew(path string, data []byte, next string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return usageError{fmt.Errorf("write %s: %w", path, err)}
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return usagef("%s exists and is left as it is: edit it, or print a new one with --stdout", path)
	}
	if err != nil {
		return usageError{fmt.Errorf("write %s: %w", path, err)}
	}
	if _, err := f.Write(data); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), f.Close(), os.Remove(path))
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	a.stdout.Sayf("wrote %s; %s\n", path, next)
	return nil
}
