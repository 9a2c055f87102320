//go:build linux

package external_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/trial"
)

// TestAScriptShowsTheFailureWithoutRacebench runs the repro.sh of failed trials: it shows the failure again, and
// shows none of a server that stops well.
func TestAScriptShowsTheFailureWithoutRacebench(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed: repro.sh is not run")
	}
	slow := "\n  - {client: http-keepalive, clients: 2, path: \"/slow?filter[a]=1\"}\n" // curl knows patterns
	keys := "\n  - {client: write-http, path: \"/kv/{id}\", shape: slow, delay: 1ms..3ms}\n"
	for _, tc := range []struct {
		mode, more, load string
		twin             bool // what it shows does not depend on how fast the machine is
	}{
		{"exits", "", slow, false},
		{"hangs", "drain_limit: 1s", slow, true},
		{"orphan", "", slow, true},
		{"forgets", "  env: {DATA: \"{data}\"}", keys, true},
	} {
		t.Run(tc.mode, func(t *testing.T) {
			t.Parallel()
			path, err := server()
			if err != nil {
				t.Fatal(err)
			}
			c, _ := runCampaign(t, compile(t, fmt.Sprintf("name: x\ntarget: external\ntrials: 50\nduration: 400ms\nexternal:\n  command: [%s, %s]\n  url: http://127.0.0.1:{port}/\n%s\nload:%s",
				path, tc.mode, tc.more, tc.load)), trial.Config{FailFast: true})
			if len(c.Breaches) == 0 || c.Breaches[0].First.Script == "" {
				t.Fatalf("%s, %v: no script", c.Verdict, classes(c))
			}
			raw, err := os.ReadFile(c.Breaches[0].First.Script)
			if err != nil {
				t.Fatal(err)
			}
			times := "TIMES=40"
			if tc.twin {
				times = "TIMES=1"
			}
			if status, out := runScript(t, string(raw), times, "GRACE=1"); status != 1 {
				t.Errorf("status %d: %s", status, out)
			}
			if !tc.twin {
				return
			}
			right := strings.ReplaceAll(string(raw), "'"+tc.mode+"'", "'shutdown'")
			if status, out := runScript(t, right, "TIMES=1", "GRACE=60"); status != 0 {
				t.Errorf("of a server that stops well: status %d: %s", status, out)
			}
			if tc.mode == "hangs" {
				endedWhileItStarts(t, string(raw))
			}
		})
	}
}

// endedWhileItStarts ends a script before its program is ready, and looks for the program.
func endedWhileItStarts(t *testing.T, text string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pid")
	cut := strings.Replace(text, "ready() { answers; }", `ready() { cp "$work/pid" '`+file+`'; kill -s TERM $$; false; }`, 1)
	status, out := runScript(t, cut, "TIMES=1", "GRACE=1")
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: status %d: %s", err, status, out)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); status != 2 || !errors.Is(err, syscall.ESRCH) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
		t.Errorf("status %d; the program it had started: %v; %s", status, err, out)
	}
}

// runScript runs a script on a free port.
func runScript(t *testing.T, text string, env ...string) (status int, out string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "repro.sh")
	if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(l.Addr().String())
		_ = l.Close()
		cmd := exec.Command("sh", file)
		cmd.Env = append(append(os.Environ(), env...), "PORT="+port)
		cmd.WaitDelay = 10 * time.Second // a program that is left running holds the output open
		raw, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		status, out = cmd.ProcessState.ExitCode(), string(raw)
		if !strings.Contains(out, "somebody listens") { // else another test has taken the port meanwhile
			break
		}
	}
	return status, out
}
