//go:build linux

package external_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/result/void"
	"github.com/racebench/racebench/engine/trial"
)

// A worker that writes down when a job begins and when it is done. The careless one stops in the middle of a job.
const (
	jobs     = "echo ready\nwhile [ -z \"$stop\" ]; do\n echo begun >> \"$1\"\n WORK\n echo done >> \"$1\"\n sleep 0.05\ndone\n"
	careless = "trap 'exit 0' TERM\n"
	careful  = "trap 'stop=1' TERM\n"
)

// countsJobs is a check that says how many jobs were begun and not done.
const countsJobs = `lost=$(($(grep -c begun "$1") - $(grep -c done "$1")))
[ $lost = 0 ] && exit 0
echo "{\"class\": \"lost-job\", \"count\": $lost, \"summary\": \"begun and not done, in $RACEBENCH_DATA\"}"
exit 1
`

// checked runs a worker with a check, both shell scripts.
func checked(t *testing.T, worker, check string, trials int) *result.Campaign {
	t.Helper()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	text := fmt.Sprintf("name: x\ntarget: external\ntrials: %d\nduration: 400ms\nexternal:\n  command: [sh, %s, '{data}/log']\n  worker: true\n  ready: {log: ready}\n  check: [sh, %s, '{data}/log']\ninject: [{signal: SIGTERM, at: 20%%..80%%}]\n",
		trials, file("worker.sh", worker), file("check.sh", check))
	fold, _ := runCampaign(t, compile(t, text), trial.Config{Keep: trial.KeepNone, FailFast: true})
	return fold
}

// TestACheckFindsWhatNoRequestShows runs a worker that drops a job at its stop, and its twin that does not.
func TestACheckFindsWhatNoRequestShows(t *testing.T) {
	t.Parallel()
	bad := checked(t, careless+strings.ReplaceAll(jobs, "WORK", "sleep 0.1 &\n wait $!"), countsJobs, manyTrials)
	if bad.Verdict != result.Breached || !slices.Equal(classes(bad), []string{"check/program/lost-job"}) {
		t.Fatalf("the careless worker is %s: %v, notes %v", bad.Verdict, classes(bad), bad.Notes)
	}
	if b := bad.Breaches[0]; b.Count != 1 || !strings.HasPrefix(b.Summary, "the check found 1: begun and not done, in /") {
		t.Errorf("the breach is %q, %d times", b.Summary, b.Count)
	}
	good := checked(t, careful+strings.ReplaceAll(jobs, "WORK", "sleep 0.1"), countsJobs, 5)
	if good.Verdict != result.Passed || good.Trials.Run != 5 {
		t.Errorf("the careful worker is %s: %v, void %v", good.Verdict, classes(good), good.Void)
	}
	if !slices.Contains(good.Notes, "control: it ran on until it was signalled; the check found nothing") {
		t.Errorf("the notes are %q", good.Notes)
	}
}

// TestACheckThatCannotTellIsNoBreach runs checks that are broken without any signal, and one that breaks later.
func TestACheckThatCannotTellIsNoBreach(t *testing.T) {
	t.Parallel()
	worker := careful + strings.ReplaceAll(jobs, "WORK", "sleep 0.01")
	for _, tc := range []struct{ name, check, why string }{
		{"says it on stderr", "echo broken >&2; exit 1", "ended with status 1 and printed nothing on its standard output: broken"},
		{"talks though all is well", "echo fine", `ended with status 0 and printed "fine"`},
		{"is not there", "no-such-command", "ended with status 127"},
	} {
		got := checked(t, worker, tc.check, 1)
		if got.Verdict != result.Untested || len(got.Breaches) > 0 || len(got.Void) != 1 || got.Void[0].Code != void.ControlCheck || !strings.Contains(got.Void[0].Reason, tc.why) {
			t.Errorf("a check that %s: %s, %v, void %v", tc.name, got.Verdict, classes(got), got.Void)
		}
	}
	later := checked(t, worker, `[ -n "$RACEBENCH_CONTROL" ] && exit 0; kill -9 $$`, 1)
	if later.Verdict != result.Untested || len(later.Breaches) > 0 || !slices.ContainsFunc(later.Void, func(v result.VoidReason) bool { return v.Code == void.Unchecked }) {
		t.Errorf("a check that breaks after the signal: %s, %v, void %v", later.Verdict, classes(later), later.Void)
	}
}
