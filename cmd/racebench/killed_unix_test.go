//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// repository makes a git repository with a scenario in it.
func repository(t *testing.T) (dir string, git func(args ...string) string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git")
	}
	dir = t.TempDir()
	git = func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	raw, err := os.ReadFile("testdata/scenario/sound.yaml")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "sound.yaml"), raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	git("init", "-q", "-b", "main")
	git("add", ".")
	git("commit", "-q", "-m", "one")
	return dir, git
}

// TestAKilledGateLeavesNoBuildAndTheNextNoWorktree kills a gate with SIGKILL while its build is under way, which has made a temporary
// folder.
func TestAKilledGateLeavesNoBuildAndTheNextNoWorktree(t *testing.T) {
	needsProc(t)
	repo, git := repository(t)
	elsewhere := filepath.Join(t.TempDir(), "of the user's own")
	git("worktree", "add", "-q", "--detach", elsewhere)
	if err := os.RemoveAll(elsewhere); err != nil { // as if its disk were not there
		t.Fatal(err)
	}
	temp, pidFile := t.TempDir(), filepath.Join(t.TempDir(), "pid")
	gate := func(build string) *process {
		p := &process{t: t, dir: filepath.Join(t.TempDir(), "runs"), ended: make(chan error, 1)}
		p.cmd = exec.Command("racebench", "gate", "--against", "main", "--build", build, "sound.yaml", "--trials", "1", "--dir", p.dir)
		p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = repo, &p.stdout, &p.stderr
		p.cmd.Env = append(os.Environ(), "TMPDIR="+temp)
		p.launch()
		return p
	}
	p := gate("mktemp -d; echo $$ > " + pidFile + ".new; mv " + pidFile + ".new " + pidFile + "; sleep 1000; echo done")
	var build int
	until(t, "the build under way", func() bool {
		raw, err := os.ReadFile(pidFile)
		if err == nil {
			build, err = strconv.Atoi(strings.TrimSpace(string(raw)))
		}
		return err == nil
	})
	p.signal(syscall.SIGKILL)
	_ = p.status()
	until(t, "the build gone", func() bool { return !alive(build) })
	if !strings.Contains(git("worktree", "list"), "racebench-base-") {
		t.Fatal("nothing was left: the test shows nothing")
	}

	p = gate("exit 9")
	if got := p.status(); got != 3 {
		t.Fatalf("exit status %d, want 3; stderr:\n%s", got, &p.stderr)
	}
	if !strings.Contains(p.stderr.String(), "racebench: removed the worktree of "+repo) {
		t.Errorf("the next gate does not say what it removed:\n%s", &p.stderr)
	}
	list := git("worktree", "list", "--porcelain")
	if strings.Contains(list, "racebench-base-") || !strings.Contains(list, elsewhere) {
		t.Errorf("git's own list of worktrees:\n%s", list)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left in the folder for temporary files: %v, %v", left, err)
	}
}

// TestTheNextRunTidiesUpAfterAKilledOne keeps what was judged and takes away what was not.
func TestTheNextRunTidiesUpAfterAKilledOne(t *testing.T) {
	needsProc(t)
	p := start(t, "run", "testdata/scenario/endless.yaml", "--keep", "all")
	until(t, "a trial judged, and another under way", func() bool {
		judged, _ := filepath.Glob(filepath.Join(p.dir, "2*", "trials", "*", "verdict.json"))
		return len(judged) > 0 && len(p.trials()) > len(judged)
	})
	p.signal(syscall.SIGKILL)
	_ = p.status()
	run := filepath.Dir(filepath.Dir(p.trials()[0]))
	half := filepath.Join(run, ".result.json-123")
	if err := os.WriteFile(half, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("racebench", "run", "testdata/scenario/sound.yaml", "--trials", "1", "--dir", p.dir)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "racebench: removed from "+run+" what it had not finished") {
		t.Errorf("%v\n%s", err, out)
	}
	left, err := filepath.Glob(filepath.Join(run, "trials", "*"))
	if err != nil || len(left) == 0 {
		t.Errorf("no trial is left: %v", err)
	}
	for _, dir := range left {
		if !exists(filepath.Join(dir, "verdict.json")) {
			t.Errorf("%s has no verdict", dir)
		}
	}
	for _, path := range []string{half, filepath.Join(run, "running.lock")} {
		if exists(path) {
			t.Errorf("%s was left", path)
		}
	}
}
