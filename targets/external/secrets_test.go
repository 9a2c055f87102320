//go:build linux

package external_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario/secret"
)

// TestASecretIsNowhereThatComesByteByByte has all that a scenario runs print a secret of it a byte at a time: nothing that
// is kept has any half of it.
func TestASecretIsNowhereThatComesByteByByte(t *testing.T) {
	t.Parallel()
	const value = "Byte-by-Byte-4711"
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	bytes := file("bytes", strings.Join(strings.Split(value, ""), "\n")+"\n")
	says := "while read -r c; do printf %s \"$c\"; done <" + bytes + "; echo\n"
	before := file("before.sh", "exec >&2\n"+says)
	worker := file("worker.sh", "trap 'exec >&2; "+strings.TrimSpace(says)+"; exit 0' TERM\n"+says+"echo ready\nwhile :; do sleep 0.01; done\n")
	check := file("check.sh", says+"exec >&2\n"+says+"exit 1\n")
	text := fmt.Sprintf("name: x\ntarget: external\ntrials: 1\nduration: 200ms\nexternal:\n  command: [sh, %s]\n  before_each: [sh, %s]\n  check: [sh, %s]\n"+
		"  worker: true\n  ready: {log: ready}\n  env: {APP_TOKEN: %s}\ninject: [{signal: SIGTERM, at: 50%%}]\n", worker, before, check, value)
	_, run := runProgram(t, compile(t, text), trial.KeepAll)
	printed := 0
	err := filepath.WalkDir(run.Path(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if d.Name() == "stderr.txt" {
			printed += strings.Count(string(raw), secret.Placeholder("APP_TOKEN"))
		}
		for n := range len(value) - 7 {
			if half := value[n : n+8]; strings.Contains(string(raw), half) {
				t.Errorf("%s has %q", path, half)
				break
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if printed < 4 {
		t.Errorf("%d of before_each's, of the worker's beginning and end and of the check's are there", printed)
	}
}

// TestWhatWasRunBeforeIsNotTheProgram has before_each leave a process running: it is no orphan of the program, and is
// gone when the trial is over.
func TestWhatWasRunBeforeIsNotTheProgram(t *testing.T) {
	t.Parallel()
	pid := filepath.Join(t.TempDir(), "pid")
	c := run(t, "shutdown", "  before_each: [sh, -c, \"sleep 600 & echo $! >"+pid+"\"]", "\n  - {client: http-keepalive, clients: 4, path: /slow}\n", 2)
	if c.Verdict != result.Passed {
		t.Errorf("%s: %v; notes %v", c.Verdict, classes(c), c.Notes)
	}
	raw, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(raw)) + "/stat")
	if err == nil && strings.Contains(string(stat), "(sleep)") && !strings.Contains(string(stat), "(sleep) Z") {
		t.Errorf("still there: %s", stat)
	}
}
