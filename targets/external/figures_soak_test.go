//go:build linux && soak

package external_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
)

// TestSoakFigures measures what a trial of a program costs beside the program's own time, and how late signals leave.
// It fails for nothing: both figures are the machine's, too. RACEBENCH_TRIALS says how many trials (100).
func TestSoakFigures(t *testing.T) {
	path, err := server()
	if err != nil {
		t.Fatal(err)
	}
	trials := 100
	if n, err := strconv.Atoi(os.Getenv("RACEBENCH_TRIALS")); err == nil {
		trials = n
	}
	p := compile(t, fmt.Sprintf("name: x\ntarget: external\ntrials: %d\nduration: 400ms\nexternal: {command: [%s, shutdown], url: \"http://127.0.0.1:{port}/\"}\nload:%s",
		trials, path, mixed))
	began := time.Now()
	_, run := runProgram(t, p, trial.KeepAll)
	whole := time.Since(began)
	dirs, err := rundir.OpenTrial(run.Path())
	if err != nil {
		t.Fatal(err)
	}
	var late, child []time.Duration
	var theirs time.Duration
	for _, dir := range dirs {
		e, err := ledger.Read(dir.Ledger())
		if err != nil {
			t.Fatal(err)
		}
		if len(e.Signals) == 0 {
			continue
		}
		late = append(late, e.Signals[0].At-e.Signals[0].Planned)
		took := e.Drain.Ended // from the start of the program, through its load, to its end
		theirs += took
		child = append(child, e.Phases[len(e.Phases)-1].At-took)
	}
	slices.Sort(late)
	slices.Sort(child)
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		t.Fatal(err)
	}
	at := func(all []time.Duration, share float64) time.Duration {
		return all[min(len(all)-1, int(float64(len(all))*share))].Round(time.Microsecond)
	}
	t.Logf("load average %.14s; %d trials in %s, %s of it the program's (start, load, drain)", raw, len(late), whole.Round(time.Millisecond), theirs.Round(time.Millisecond))
	t.Logf("a signal left late by p50 %s, p90 %s, p99 %s, at most %s", at(late, .5), at(late, .9), at(late, .99), at(late, 1))
	t.Logf("a trial's process took beside the program's time p50 %s, p90 %s, p99 %s, at most %s", at(child, .5), at(child, .9), at(child, .99), at(child, 1))
	t.Logf("a trial took beside the program's time %s in the mean, control run included", ((whole - theirs) / time.Duration(len(late))).Round(time.Microsecond))
}
