package custody

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

// family is a command that starts a process in its own group and one that has left it, as daemons do. It writes their
// numbers, and its own, to a file.
const family = `sleep 1000 & a=$!; setsid sleep 1000 & b=$!; echo $$ $a $b > "$1.new"; mv "$1.new" "$1"; `

// victim makes a folder and runs a family below a guardian until it is killed.
func victim(dir string) int {
	f, err := NewFolder("victim")
	if err == nil {
		err = f.Owes("what it owes", func() {})
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(f.Path(), "file"), []byte("left"), 0o600)
	}
	if err == nil {
		err = Run(context.Background(), exec.Command("sh", "-c", family+"wait", "sh", filepath.Join(dir, "pids")))
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// until polls for what must come about.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %s still not: %s", patience, what)
		}
		runtime.Gosched()
	}
}

// pids waits for the numbers that a family writes.
func pids(t *testing.T, file string) []int {
	t.Helper()
	var all []int
	until(t, "the family's numbers", func() bool {
		raw, err := os.ReadFile(file)
		for _, word := range strings.Fields(string(raw)) {
			pid, err := strconv.Atoi(word)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, pid)
		}
		return err == nil
	})
	return all
}

func alive(pid int) bool {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))[0] != "Z"
}

func gone(t *testing.T, family []int) {
	t.Helper()
	for _, pid := range family {
		until(t, fmt.Sprintf("process %d gone", pid), func() bool { return !alive(pid) })
	}
}

func TestSIGKILLLeavesNoProcessAndTheNextStartNoFolder(t *testing.T) {
	dir, temp := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", temp)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "CUSTODY_TEST="+dir)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	all := pids(t, filepath.Join(dir, "pids"))
	if len(all) != 3 {
		t.Fatalf("the family is %v", all)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	gone(t, all)
	var told []Abandoned
	swept := Sweep(func(a Abandoned) { told = append(told, a) })
	if len(swept) != 1 || len(told) != 1 || swept[0] != told[0] || swept[0].Note != "what it owes" || filepath.Dir(swept[0].Path) != temp {
		t.Errorf("swept %v, told %v", swept, told)
	}
	empty(t, temp)
}

func TestAFamilyEndsWithItsContext(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pids")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, exec.Command("sh", "-c", family+"wait", "sh", file)) }()
	all := pids(t, file)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	gone(t, all)
}

// What a command leaves that is to stay ends with stop; one that fails leaves nothing.
func TestWhatACommandStartsStaysUntilStop(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pids")
	stop, err := Start(t.Context(), exec.Command("sh", "-c", family, "sh", file))
	if err != nil {
		t.Fatal(err)
	}
	all := pids(t, file)
	if !alive(all[1]) || !alive(all[2]) {
		t.Errorf("what was started is gone with its command: %v", all)
	}
	stop()
	gone(t, all)
	other := filepath.Join(t.TempDir(), "pids")
	_, err = Start(t.Context(), exec.Command("sh", "-c", family+"exit 7", "sh", other))
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Errorf("a command that fails: %v", err)
	}
	gone(t, pids(t, other))
}

func TestACommandsEndIsItsFamilys(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pids")
	cmd := exec.Command("sh", "-c", family+"echo out; echo err >&2; exit 7", "sh", file)
	cmd.Stderr = io.Discard
	out, err := Output(t.Context(), cmd)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 7 || string(out) != "out\n" || cmd.ProcessState.ExitCode() != 7 {
		t.Errorf("out %q, error %v", out, err)
	}
	gone(t, pids(t, file))
}

func TestHowACommandEnded(t *testing.T) {
	for name, c := range map[string]struct {
		words  []string
		dir    string
		status int
		stderr string
	}{
		"well":       {[]string{"sh", "-c", "exit 0"}, "", 0, ""},
		"badly":      {[]string{"sh", "-c", "echo why >&2; exit 3"}, "", 3, "why\n"},
		"struck":     {[]string{"sh", "-c", "kill -TERM $$"}, "", 128 + int(syscall.SIGTERM), ""},
		"in a dir":   {[]string{"./said"}, "testdata", 5, ""},
		"no program": {[]string{"./custody_test.go"}, "", statusCannotStart, "racebench: fork/exec ./custody_test.go: permission denied\n"},
	} {
		cmd := exec.Command(c.words[0], c.words[1:]...)
		cmd.Dir = c.dir
		_, err := Output(t.Context(), cmd)
		var exit *exec.ExitError
		switch {
		case c.status == 0 && err == nil:
		case !errors.As(err, &exit) || exit.ExitCode() != c.status || string(exit.Stderr) != c.stderr:
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Run(t.Context(), exec.Command("no-such-program-anywhere")); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("a command that is not there: %v", err)
	}
}
