package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/console"
	"github.com/racebench/racebench/internal/custody"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
)

// What a probe is when nothing else is said.
const (
	probeTrials   = 10
	probeDuration = time.Second
	probeBudget   = time.Minute
)

func (a *app) probeCommand() *cobra.Command {
	f := newRunFlags()
	f.trials = probeTrials
	w := newProbeFlags(a.files)
	cmd := &cobra.Command{
		Use:   "probe [flags] -- COMMAND ARGS...",
		Short: "Test how any program shuts down, without a scenario file",
		Long: `Start a program on a free port, put it under a mixed load, send it SIGTERM at a random
moment in each of 10 trials, and report what it loses. {port} in the arguments is the
free port; the environment has it as PORT, too. A program that chooses its own port is
found by what it listens on. {data} is a fresh directory.

A request counts as lost only if the program had read it and did not answer it whole.
Requests that were still on the wire are counted, not reported as a failure. A control
run without a signal goes first. Where no flag names a path, the ready program is first
asked for what it offers: links of /, OpenAPI, health, streams, WebSockets.

Exit status: 0 nothing found, 1 a finding, 2 a usage error, 3 nothing was tested,
4 racebench itself failed, 130 or 143 interrupted.`,
		Example: `  racebench probe -- python3 -m http.server {port}
  racebench probe --path /report --upload /files -- node server.js
  racebench probe --signal SIGQUIT --preset nginx -- nginx -c $PWD/nginx.conf -g 'daemon off;'
  racebench probe --worker --ready log:ready --before-each ./enqueue --check ./count-lost -- ./worker
  racebench probe --ready-path /readyz --path /report -- ./server
  racebench probe --write 'POST /orders/{id}' --read '/orders/{id}' -- ./server --data {data}
  racebench probe --learn 'npm test' --learn-writes -- node server.js
  racebench probe --ws /live --hello '{"connect":{}}' --grace 30s -- ./server --port {port}`,
		Args: func(cmd *cobra.Command, args []string) error {
			return w.checkArgs(args, cmd.ArgsLenAtDash(), &f)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			program, err := a.probeProgram(args, w, f)
			if err != nil {
				return err
			}
			if w.dryRun {
				return a.printPlan(program, w, f)
			}
			stop, err := w.runBefore(cmd.Context(), a.stderr)
			if err != nil {
				return err
			}
			defer stop()
			s := settings{within: cmp.Or(f.timeout, probeBudget), keepScenario: true}
			began := time.Now()
			l := &lookAround{app: a, w: w, f: f, args: args, within: s.within, program: &program}
			s.prepare = l.preparation()
			s.beside = func(ctx context.Context, folds []*result.Campaign, run *rundir.Run) []*result.Campaign {
				failed := a.beside(ctx, program, folds[0], run, f.reach(), func() time.Duration { return s.within - time.Since(began) })
				a.asPID1(ctx, program, folds[0], f.reach(), time.Since(began), s.within)
				for _, words := range append(l.notes(), w.notTried()) {
					if words != "" {
						folds[0].Note(words)
					}
				}
				return failed
			}
			rep, err := a.runPrograms(cmd.Context(), []trial.Program{program}, f, s)
			if err != nil {
				return err
			}
			return a.finish(rep, f)
		},
	}
	f.set = cmd.Flags()
	groupFlags(cmd, w.groups(&f)...)
	return cmd
}

// probeProgram makes a scenario of the flags and the command, and compiles it.
func (a *app) probeProgram(args []string, w *probeFlags, f runFlags) (trial.Program, error) {
	if err := f.check(); err != nil {
		return trial.Program{}, err
	}
	if w.attach == "" {
		if err := findCommand(args[0]); err != nil {
			return trial.Program{}, err
		}
	}
	for _, own := range [][2]string{{"--check", w.check}, {"--pre-stop", w.preStop}} {
		if words, _ := spec.Split(own[1]); len(words) > 0 {
			if err := findCommand(words[0]); err != nil {
				return trial.Program{}, fmt.Errorf("%s: %w", own[0], err)
			}
		}
	}
	s, err := w.scenario(args, f.trials)
	if err != nil {
		return trial.Program{}, err
	}
	// The scenario goes through its own reader, so that what a probe runs is what its file would.
	read, problems := scenario.Parse("the probe", s.Marshal(), time.Now())
	if problems != nil {
		return trial.Program{}, usageError{fmt.Errorf("%s", problems.Errors[0].Msg)}
	}
	program, errs := trial.Compile(read, a.catalog)
	if len(errs) > 0 {
		return trial.Program{}, usageError{fmt.Errorf("%s", errs[0].Msg)}
	}
	return program, f.apply(&program, "")
}

// findCommand refuses a command that does not exist before anything else is done.
func findCommand(name string) error {
	_, err := exec.LookPath(name)
	if err == nil {
		return nil
	}
	if filepath.Base(name) == name {
		if _, here := os.Stat(name); here == nil {
			return usagef("there is no command %q in PATH; did you mean ./%s?", name, name)
		}
		return usagef("there is no command %q in PATH: write the path to it, such as ./%s", name, name)
	}
	var e *exec.Error
	if errors.As(err, &e) {
		err = e.Err
	}
	if errors.Is(err, fs.ErrPermission) {
		return usagef("%s cannot be run: %w: chmod +x makes a file a program", name, pathless(err))
	}
	in, cwdErr := os.Getwd()
	if cwdErr != nil || filepath.IsAbs(name) {
		return usagef("%s cannot be run: %w", name, pathless(err))
	}
	return usagef("%s cannot be run: %w in %s", name, pathless(err), in)
}

// runBefore runs --before once. What that starts, such as a database, is there until stop.
func (w *probeFlags) runBefore(ctx context.Context, stderr *console.Writer) (stop func(), err error) {
	if w.before == "" {
		return func() {}, nil
	}
	cmd := exec.Command("/bin/sh", "-c", w.before)
	out := hear(stderr)
	cmd.Stdout, cmd.Stderr = out, out
	end, err := custody.Start(ctx, cmd)
	if err != nil {
		out.Close()
		return nil, notTestedError{fmt.Errorf("--before %s: %w", w.before, err)}
	}
	return func() {
		end()
		out.Close()
	}, nil
}
