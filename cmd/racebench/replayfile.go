package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/gotest"
	"github.com/racebench/racebench/engine/search"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
)

// scheduleFile is the replay file that a path stands for: itself, or that of a simulated trial's
// directory. It is empty where the path is something else.
func scheduleFile(path string) string {
	if filepath.Ext(path) == ".replay" && isFile(path) {
		return path
	}
	if dir := rundir.TrialDir(path); isFile(dir.Schedule()) {
		return dir.Schedule()
	}
	return ""
}

// replaySchedule plays a recorded schedule again: exactly, or with an error that names the step at which the code now
// differs.
func (a *app) replaySchedule(ctx context.Context, path string, yes bool) error {
	raw, err := a.schedule(path)
	if err != nil {
		return usageError{fmt.Errorf("read replay file %s: %w", path, err)}
	}
	if file, err := explore.ParseFile(raw); err == nil && file.Target == gotest.TargetName {
		return a.replayGo(ctx, path, file, yes)
	}
	m, err := trial.NewSimulator()
	if err != nil {
		return err
	}
	defer m.Close()
	r, err := search.ReplayFile(m, raw, a.catalog)
	if err != nil {
		return usageError{fmt.Errorf("%s: %w", path, err)}
	}
	if !r.Exact() {
		return notTestedError{errors.New(path + ": " + r.String())}
	}
	for _, line := range r.File.Comments {
		a.stdout.Say(line)
	}
	a.stdout.Sayf("\n%s\n", r)
	for _, class := range r.Shown {
		a.stdout.Sayf("shows %s\n", class)
	}
	if len(r.Shown) > 0 {
		a.status = statusFinding
	}
	return nil
}

// scheduleOf is the first replay file among a run's trials; empty where it holds none.
func scheduleOf(trials []rundir.TrialDir) string {
	for _, dir := range trials {
		if isFile(dir.Schedule()) {
			return dir.Schedule()
		}
	}
	return ""
}

// replayHelp is the long help of replay.
const replayHelp = `Run a recorded failure again. PATH is a trial's directory, a run's (whose first failing
trial it is then), or a replay file.

A simulated trial has a replay file: its schedule is played again step by step. The
answer is exact, or it names the first step that differs from the recording.

A trial on real goroutines is run again with the same plan: the same load, the same
draws, the signal at the same moment. The schedule is the machine's own, so the answer is
a count: in how many of the runs the breach showed.

Some findings no trial decides alone, such as an error answer to a request in flight: it
depends on how such requests are answered otherwise. Of those it says what the replays
come to together, with the answers of the control run.

With --freeze an external program is stopped (SIGSTOP) before the signal. Its clients go
on sending, it gets the signal, and it runs on (SIGCONT): what was sent meanwhile has
waited unread. Results of --freeze are not rates. Requests that the program had not read
are counted, not reported as a failure.

What was recorded of an external program or a Go test starts a program. Where this user did
not record it on this machine, replay shows the command and asks; --yes answers, and
without a terminal it is needed.

Exit status: 1 reproduced, 0 not in that many runs, 3 diverged or stale, 2 unreadable.`
