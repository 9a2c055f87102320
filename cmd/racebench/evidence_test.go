package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/targets/all"
)

// givesBack stops a store before it has written what its queue holds, with its window held open.
const givesBack = `name: gives-back
target: coldstore
variants: [reference]
trials: 1
duration: 100ms
drain_limit: 1s
knobs: {read: 100ms, write: 2s, deadline: 5ms}
load:
  - {op: read, clients: 2, shape: rate, rate: 200/s}
  - {op: dispatch, clients: 2, shape: rate, rate: 400/s}
  - {op: follow, clients: 1}
widen: {stop.after-signal: 2ms}
inject:
  - {signal: SIGTERM, at: 50%}
`

// recordTrials has racebench run a command in dir, and keep its trials there.
func recordTrials(t *testing.T, dir string, args ...string) {
	t.Helper()
	args = append([]string{args[0], "--dir", "runs", "--seed", "1", "--progress", "none"}, args[1:]...)
	cmd := exec.Command("racebench", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if exit := new(exec.ExitError); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != statusFinding) {
		t.Fatalf("racebench %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// Of every recorded trial, in either world, the text form tells all that a judge looks at: a verdict from the text is
// the verdict from the ledger. Between them the trials have every kind of record.
func TestEveryRecordedTrialIsJudgedAlikeFromItsText(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "gives-back.yaml"), []byte(givesBack), 0o644); err != nil {
		t.Fatal(err)
	}
	recordTrials(t, dir, "run", "--keep", "all", "gives-back.yaml")
	recordTrials(t, dir, "run", "--keep", "all", "--trials", "1", "durability/reference")
	recordTrials(t, dir, "run", "--keep", "all", "--trials", "1", "broker/timeout-drain")
	recordTrials(t, dir, "fuzz", "--fixed", "--trials", "40", "durability/drop-host-first", "coldstore/semaphore")
	recordTrials(t, dir, "fuzz", "--fixed", "--trials", "10", "gateway/check-then-wait", "broker/timeout-drain")
	words := []string{"lane", "phase", "signal", "subscribe", "op", "deliver", "discard", "returned", "drain", "gauge", "window", "panic", "task",
		"mark", "load", "owner", "audit", "access", "value", "claim", "waited"}
	if runtime.GOOS == "linux" {
		recordTrials(t, dir, "probe", "--keep", "all", "--trials", "2", "--path", "/slow", "--", "testserver", "bad")
		words = append(words, "wire", "process")
	}
	trials, err := filepath.Glob(filepath.Join(dir, "runs", "*", "trials", "*"))
	if err != nil || len(trials) < 8 {
		t.Fatalf("%d trials, error %v", len(trials), err)
	}
	seen := map[string]bool{}
	breaches := 0
	for _, path := range trials {
		text := judgedAlike(t, rundir.TrialDir(path), &breaches)
		for line := range strings.Lines(text) {
			word, _, _ := strings.Cut(line, " ")
			seen[word] = true
		}
	}
	if breaches == 0 {
		t.Error("no trial showed a breach: that verdicts are alike says little")
	}
	for _, word := range words {
		if !seen[word] {
			t.Errorf("none of %d trials has a record of kind %s", len(trials), word)
		}
	}
}

// judgedAlike judges a trial from its ledger and from the text of it, and returns the text.
func judgedAlike(t *testing.T, dir rundir.TrialDir, breaches *int) string {
	t.Helper()
	e, err := ledger.Read(dir.Ledger())
	if err != nil {
		t.Fatal(err)
	}
	text := ledger.Format(e)
	parsed, err := ledger.ParseText("text", text)
	if err != nil {
		t.Fatalf("%s: %v", dir, err)
	}
	if again := ledger.Format(parsed); again != text {
		t.Errorf("%s: the text of its text is another", dir)
	}
	plan, err := trial.ReadPlan(dir, all.Targets())
	if err != nil {
		t.Fatal(err)
	}
	want, _, err := plan.Judge(dir)
	if err != nil {
		t.Fatal(err)
	}
	*breaches += len(want.Breaches)
	if got := plan.JudgeEvidence(dir, parsed); !reflect.DeepEqual(got, want) {
		t.Errorf("%s: judged from its text\n%+v\nfrom its ledger\n%+v", dir, got, want)
	}
	// A verdict that no line could change would be alike, too.
	lines := strings.SplitAfter(text, "\n")
	kept := slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, "signal ") })
	if parsed, err = ledger.ParseText("text", strings.Join(kept, "")); err != nil {
		t.Fatal(err)
	}
	if got := plan.JudgeEvidence(dir, parsed); reflect.DeepEqual(got, want) {
		t.Errorf("%s: judged alike without its signals", dir)
	}
	return text
}
