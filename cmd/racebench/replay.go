package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/reach"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
)

// maxTimes is the most replays of one trial.
const maxTimes = 1_000_000

func (a *app) replayCommand() *cobra.Command {
	f := newRunFlags()
	var times int
	var freeze, yes bool
	cmd := &cobra.Command{
		Use:   "replay PATH",
		Short: "Run a recorded failing trial again",
		Long:  replayHelp,
		Example: `  racebench replay racebench-runs/latest
  racebench replay racebench-runs/latest/trials/000003 --times 20
  racebench replay testdata/racebench/broker-gate-only-….replay`,
		Args: needOne("a trial's directory, or a run's"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if times < 1 || times > maxTimes {
				return usagef("--times %d: it must be from 1 to %d", times, maxTimes)
			}
			if err := f.check(); err != nil {
				return err
			}
			return a.replay(cmd, args[0], replaying{times, freeze, yes}, f)
		},
	}
	cmd.Flags().IntVar(&times, "times", 5, "how often to run it")
	cmd.Flags().BoolVar(&freeze, "freeze", false, "stop an external program before the signal, so that requests wait unread; results are not rates")
	cmd.Flags().BoolVar(&yes, "yes", false, "start the program of a folder that was not written by this user on this machine, without asking")
	f.registerRemote(cmd.Flags())
	f.registerDir(cmd.Flags())
	f.registerProgress(cmd.Flags())
	return cmd
}

// A replaying is how a trial is replayed.
type replaying struct {
	times       int
	freeze, yes bool
}

func (a *app) replay(cmd *cobra.Command, path string, r replaying, f runFlags) error {
	freeze := r.freeze
	if file := scheduleFile(path); file != "" {
		if freeze {
			return errFreeze
		}
		return a.replaySchedule(cmd.Context(), file, r.yes)
	}
	if err := checkDescriptors(1); err != nil {
		return usageError{err}
	}
	trials, err := openTrials(path, f.dir)
	if err != nil {
		return err
	}
	if file := scheduleOf(trials); file != "" && !freeze {
		return a.replaySchedule(cmd.Context(), file, r.yes)
	}
	if err := a.checkTrials(cmd.Context(), trials, f.reach()); err != nil {
		return err
	}
	dir, recorded, err := a.firstBreached(trials, freeze)
	if err != nil {
		return err
	}
	traits := a.traitsOf(dir)
	if freeze && !traits.External {
		return errFreeze
	}
	if traits.Attached {
		return usagef("%s: racebench attached to its program, and another process may have the id now: start the program again, and use racebench probe --attach", dir)
	}
	if traits.External {
		starts, err := startsOf(dir.Scenario())
		if err != nil {
			return usageError{err}
		}
		if err := a.mayStart(dir, r.yes, starts); err != nil {
			return err
		}
	}
	run, err := a.newRun(f.dir, time.Now())
	if err != nil {
		return usageError{err}
	}
	again, err := engine.Replay(cmd.Context(), dir, r.times, trial.Config{Catalog: a.catalog, Build: toolInfo().Build, Freeze: freeze, Reach: f.reach()}, run,
		func(t result.Trial) {
			if f.progress != "none" {
				a.stderr.Sayf("replay %d of %d: %s\n", t.Number, r.times, verdictLine(t))
			}
		})
	if removed := run.Remove(); err == nil {
		err = removed
	}
	if err == nil {
		err = allVoid(again)
	}
	if err == nil || errors.Is(err, context.Canceled) {
		a.tellReplays(recorded, again, freeze)
		if len(recorded.Suspects) > 0 {
			fold, foldErr := engine.FoldReplays(dir, again, trial.Config{Catalog: a.catalog})
			if foldErr != nil {
				return foldErr
			}
			a.tellSuspects(recorded, again, fold)
		}
	}
	return err
}

// checkTrials refuses recorded trials whose clients would connect to another machine that this command does not allow,
// and names the one that it allows.
func (a *app) checkTrials(ctx context.Context, trials []rundir.TrialDir, rule reach.Rule) error {
	var hosts []string
	for _, dir := range trials {
		host := a.traitsOf(dir).Host
		if slices.Contains(hosts, host) {
			continue
		}
		hosts = append(hosts, host)
		remote, err := remoteOf(ctx, host, rule)
		if err != nil {
			return err
		}
		if remote != "" {
			a.stderr.Sayf("racebench: remote %s is loaded\n", remote)
		}
	}
	return nil
}

// allVoid returns an error when no replay could show anything: the program did not start, or the signal never struck.
func allVoid(again []result.Trial) error {
	if slices.ContainsFunc(again, func(t result.Trial) bool { return t.Verdict != result.Void }) {
		return nil
	}
	if len(again) == 1 {
		return notTestedError{fmt.Errorf("the replay tested nothing: %s", again[0].Void)}
	}
	return notTestedError{fmt.Errorf("of %d replays none tested anything: %s", len(again), again[0].Void)}
}

// firstBreached judges recorded trials until one shows a breach; where none does, one that shows what all trials of its
// run decide of will do. Where the program is to be frozen a trial that
// was named needs none: what waited unread is shown of each.
func (a *app) firstBreached(trials []rundir.TrialDir, freeze bool) (rundir.TrialDir, result.Trial, error) {
	var suspected rundir.TrialDir
	var suspect result.Trial
	for _, dir := range trials {
		t, err := trial.Judge(dir, trial.Config{Catalog: a.catalog})
		switch {
		case errors.Is(err, trial.ErrStale):
			return "", t, notTestedError{err}
		case err != nil:
			return "", t, usageError{err}
		case len(t.Breaches) > 0 || freeze && len(trials) == 1:
			return dir, t, nil
		case len(t.Suspects) > 0 && suspected == "":
			suspected, suspect = dir, t
		}
	}
	if suspected != "" {
		return suspected, suspect, nil
	}
	what := string(trials[0]) + " recorded"
	if len(trials) > 1 {
		what = fmt.Sprintf("%d trials, the first in %s, recorded", len(trials), trials[0])
	}
	return "", result.Trial{}, notTestedError{fmt.Errorf("%s no breach: there is nothing to reproduce", what)}
}

// tellReplays counts for every recorded class the replays that showed it.
func (a *app) tellReplays(recorded result.Trial, again []result.Trial, frozen bool) {
	for _, class := range recorded.Classes() {
		shown := 0
		for _, t := range again {
			if slices.Contains(t.Classes(), class) {
				shown++
			}
		}
		if shown > 0 {
			a.status = statusFinding
		}
		a.stdout.Sayf("%s  %d of %d replays\n", class, shown, len(again))
	}
	if frozen {
		a.tellForced(again)
		return
	}
	a.stdout.Say("(likely: the plan is the recorded one, the schedule is the machine's own)")
}

// tellSuspects counts the replays that showed what no trial decides alone, and says what they come to together.
func (a *app) tellSuspects(recorded result.Trial, again []result.Trial, fold *result.Campaign) {
	var told []string
	for _, b := range recorded.Suspects {
		if slices.Contains(told, b.Class) {
			continue
		}
		told = append(told, b.Class)
		shown := 0
		for _, t := range again {
			if slices.ContainsFunc(t.Suspects, func(s result.Breach) bool { return s.Class == b.Class }) {
				shown++
			}
		}
		together := "one trial does not decide of it, and these replays do not either: the run that kept the trial had more"
		if fold != nil && slices.ContainsFunc(fold.Breaches, func(r result.RowBreach) bool { return r.Class == b.Class }) {
			together = "one trial does not decide of it; these replays do together"
			a.status = statusFinding
		} else if b.If == result.NeverMore || b.If == result.OftenWarns {
			together = "it only warns"
		}
		a.stdout.Sayf("%s  %d of %d replays: %s\n", b.Class, shown, len(again), together)
	}
	a.stdout.Say("(there is no script that shows it without racebench: one trial does not decide of it)")
}

func verdictLine(t result.Trial) string {
	line := t.Verdict.String()
	if classes := t.Classes(); len(classes) > 0 {
		line += ": " + strings.Join(classes, ", ")
	}
	if t.Void != "" {
		line += ": " + t.Void
	}
	return line
}
