package main

import (
	"slices"
	"time"

	"github.com/racebench/racebench/internal/custody"
	"github.com/racebench/racebench/internal/rundir"
)

// starters are the commands that start programs or make folders for a while. Before they do, they take away what others
// have left that were killed.
var starters = []string{"demo", "run", "probe", "load", "fuzz", "replay", "gate", "doctor"}

// sweep takes away what a racebench that was killed has left in the folder for temporary files, and says so.
func (a *app) sweep(command string) {
	if !slices.Contains(starters, command) {
		return
	}
	left := custody.Sweep(func(l custody.Abandoned) {
		if l.Note != "" {
			forgetWorktrees(l.Note, l.Path)
		}
	})
	for _, l := range left {
		what := l.Path
		if l.Note != "" {
			what = "the worktree of " + l.Note + " in " + l.Path
		}
		a.stderr.Sayf("racebench: removed %s: a racebench that was killed had left it\n", what)
	}
}

// newRun makes the folder of a run, and tidies up after those beside it that were killed.
func (a *app) newRun(dir string, now time.Time) (*rundir.Run, error) {
	swept, err := rundir.Sweep(dir)
	for _, run := range swept {
		a.stderr.Sayf("racebench: removed from %s what it had not finished: its racebench was killed\n", run)
	}
	if err != nil {
		a.stderr.Sayf("racebench: %v: what a killed run has left there stays\n", err)
	}
	return rundir.Create(dir, now)
}
