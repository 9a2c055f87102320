package engine

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/result/void"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
)

// Replay runs a recorded trial's plan again, so many times, in directories of run, which it removes. On
// real goroutines the plan is the same and the schedule is not: the answer is k of N. Each trial is
// told as it ends. When ctx ends, what was finished is returned with ctx's error.
func Replay(ctx context.Context, recorded rundir.TrialDir, times int, c trial.Config, run *rundir.Run, each func(result.Trial)) ([]result.Trial, error) {
	plan, err := trial.ReadPlan(recorded, c.Catalog)
	if err != nil {
		return nil, err
	}
	if len(plan.LeftOut) > 0 {
		return nil, fmt.Errorf("replay %s: %w: set %s in racebench's own environment", recorded, trial.ErrNoSecret, strings.Join(plan.LeftOut, " and "))
	}
	if elsewhere(plan.ID.Folder) {
		return nil, trial.StaleError(recorded, "its program was started in %s, and a relative path names another here: cd there first", plan.ID.Folder)
	}
	l := trial.NewLauncher()
	defer l.Close()
	var trials []result.Trial
	for n := range times {
		t, err := replayOnce(ctx, plan, c, run, l)
		if err != nil {
			return trials, err
		}
		each(t)
		trials = append(trials, t)
		if n == 0 && (t.VoidCode == void.NotStarted || t.VoidCode == void.CannotRun) {
			break // nor would it the next time
		}
	}
	return trials, nil
}

// elsewhere says whether a trial's folder is on this machine and is not the one that racebench runs in: its
// command could be another program here. Where there is no such folder, the trial comes from another machine.
func elsewhere(folder string) bool {
	there, err := os.Stat(folder)
	if folder == "" || err != nil {
		return false
	}
	here, err := os.Stat(".")
	return err == nil && !os.SameFile(here, there)
}

func replayOnce(ctx context.Context, plan trial.Plan, c trial.Config, run *rundir.Run, l *trial.Launcher) (result.Trial, error) {
	dir, err := run.NewTrial()
	if err != nil {
		return result.Trial{}, err
	}
	plan.ID.Number, plan.ID.Freeze = dir.Number(), c.Freeze
	t, _, err := runAndJudge(ctx, plan, dir, c, l)
	if removed := dir.Remove(); err == nil {
		err = removed
	}
	t.Dir = ""
	return t, err
}
