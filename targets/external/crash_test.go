//go:build linux

package external_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/result/void"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
)

const trace = `printf 'Traceback (most recent call last):\n  File "w.py", line 1, in <module>\n    work()\nValueError: no pool\n'`

// worker is the scenario of a shell's line that works once it has said so.
func worker(line string) string {
	return fmt.Sprintf("name: x\ntarget: external\ntrials: 2\nduration: 400ms\ndrain_limit: 5s\nexternal: {command: [sh, -c, %q], worker: true, ready: {log: ready}}\n", line)
}

// TestEndsInTheControlRun tells a program that crashes by itself from one that is done.
func TestEndsInTheControlRun(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"echo ready; sleep 0.1; echo no pool; exit 3":     "process-survives/program/exit-status",
		"echo ready; sleep 0.1; kill -s SEGV $$":          "process-survives/program/SIGSEGV",
		"echo ready; sleep 0.1; " + trace + "; exit 1":    "process-survives/program/uncaught-error",
		"echo ready; sleep 0.1; " + trace + "; exit 0":    "",
		"echo ready; sleep 0.1; echo all is done; exit 0": "",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			c, _ := runProgram(t, compile(t, worker(line)), trial.KeepFailing)
			if want == "" {
				if c.Verdict != result.Untested || len(c.Judged) != 1 || !strings.Contains(c.Judged[0].Void, "it ended by itself after 0.") {
					t.Errorf("%s, %+v, want untested, for it ended by itself", c.Verdict, c.Judged)
				}
				return
			}
			if c.Verdict != result.Crashed || len(c.Breaches) != 1 || c.Breaches[0].Class != want || len(c.Judged) != 1 {
				t.Fatalf("%s, %v, want crashed, %s, in one trial", c.Verdict, classes(c), want)
			}
			again, err := trial.Judge(rundir.TrialDir(c.Judged[0].Dir), trial.Config{Catalog: catalog})
			if err != nil || again.Verdict != result.Crashed {
				t.Errorf("judged again it is %s, %v, in %s", again.Verdict, err, c.Judged[0].Dir)
			}
		})
	}
}

// TestLastWordsOfARuntime tells a program that ends for an error which nobody caught from its twins: one goes on
// after it was reported, and one ends with a clean status.
func TestLastWordsOfARuntime(t *testing.T) {
	t.Parallel()
	for end, want := range map[string]string{"exit 1": "process-survives/program/uncaught-error", "echo stopped; exit 1": "", "exit 0": ""} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			line := "stop() { " + trace + "; " + end + "; }; trap stop TERM; echo ready; while :; do sleep 0.02; done"
			c, _ := runProgram(t, compile(t, worker(line)), trial.KeepNone)
			if want == "" && len(c.Breaches) == 0 && c.Verdict == result.Passed {
				return
			}
			if want == "" || c.Verdict != result.Crashed || !slices.Contains(classes(c), want) {
				t.Errorf("%s: %v, want %q", c.Verdict, classes(c), want)
			}
		})
	}
}

// TestAtStartup strikes while the program starts. To have no handler yet is no fault; one that swallows the signal is
// a hang.
func TestAtStartup(t *testing.T) {
	t.Parallel()
	const slowly = "sleep 0.3; echo ready; while :; do sleep 0.02; done"
	for handler, want := range map[string]result.Verdict{"": result.Untested, "trap : TERM; ": result.Hung, "trap 'exit 0' TERM; ": result.Passed} {
		t.Run(handler, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(worker(handler+slowly), "drain_limit: 5s", "drain_limit: 1s\ninject: [{signal: SIGTERM, at: startup}]", 1)
			c, _ := runProgram(t, compile(t, text), trial.KeepNone)
			if c.Verdict != want {
				t.Errorf("%s, want %s: %v, %+v", c.Verdict, want, classes(c), c.Judged)
			}
			for _, one := range c.Judged {
				if want == result.Untested && one.VoidCode != void.BeforeHandler && one.VoidCode != void.AfterStart {
					t.Errorf("a trial is %s: %s", one.Verdict, one.Void)
				}
			}
		})
	}
}
