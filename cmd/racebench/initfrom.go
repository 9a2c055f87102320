package main

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/racebench/racebench/internal/input"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
)

// comments explain the lines of a scenario that a probe has made, by how they begin.
var comments = []struct{ begins, says string }{
	{"name:", "# what results call it"},
	{"target:", "# an external program; docs/external.md says how it is tested"},
	{"trials:", "# 10 clean trials rule out bugs that show in more than 25.9 % of shutdowns, 299 in more than 1 %"},
	{"duration:", "# how long load is offered in each trial; it does not stop at the signal"},
	{"drain_limit:", "# what your supervisor gives it (Kubernetes: terminationGracePeriodSeconds); then it is killed"},
	{"external:", "# {port} in the command is a free port, {data} a fresh directory; exit: [0, 143] are the clean statuses"},
	{"load:", "# what its clients do; a path that takes a while has more at risk"},
	{"inject:", "# one signal at a random moment; at: startup tests a stop while it starts"},
}

// initFrom writes the scenario of a probe's run, or of a trial, with comments.
func (a *app) initFrom(from string, toStdout bool) error {
	path, older, err := rundir.ScenarioOf(from)
	switch {
	case errors.Is(err, rundir.ErrNoScenario):
		return usagef("--from: %w: a probe's run holds one, and so does a trial; probe your program first: %s probe -- COMMAND", err, me())
	case err != nil:
		return usageError{fmt.Errorf("--from: %w", err)}
	}
	raw, err := input.Found(path, input.Scenario)
	if err != nil {
		return usageError{fmt.Errorf("--from %s: %w", from, pathless(err))}
	}
	s, problems := scenario.Parse(path, raw, time.Now())
	if problems != nil {
		return usageError{problems}
	}
	if older {
		a.stderr.Sayf("racebench: the newest run is no probe; this is the newest that is one, %s\n", filepath.Dir(path))
	}
	text := commented(s.Marshal())
	if toStdout {
		_, err := a.stdout.Write(text)
		return err
	}
	return a.writeScenario(s.Name, text)
}

// commented puts a comment above every line that has one.
func commented(text []byte) []byte {
	var b bytes.Buffer
	for line := range bytes.Lines(text) {
		for _, c := range comments {
			if bytes.HasPrefix(line, []byte(c.begins)) {
				b.WriteString(c.says + "\n")
			}
		}
		b.Write(line)
	}
	return b.Bytes()
}
