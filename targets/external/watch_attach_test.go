//go:build linux

package external_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
)

// running starts the test server as somebody else would, and returns once it takes connections.
func running(t *testing.T, mode string) *exec.Cmd {
	t.Helper()
	path, err := server()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close()
	cmd := exec.Command(path, mode)
	cmd.Env = append(os.Environ(), "PORT="+port)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	for {
		if conn, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			_ = conn.Close()
			return cmd
		}
		select {
		case <-ended:
			t.Fatalf("%s ended by itself", mode)
		case <-time.After(time.Millisecond):
		}
	}
}

const attachedTrial = "name: x\ntarget: external\ntrials: 1\nduration: 400ms\n%sexternal: {attach: %v}\ninject: [{signal: SIGTERM, at: 40%%..80%%}]\nload:%s\n"

// TestARunningProgramIsSignalledOnce attaches to a server that stops well, one that loses, and one that hangs:
// that one is left running.
func TestARunningProgramIsSignalledOnce(t *testing.T) {
	t.Parallel()
	sessions := "\n  - {client: websocket, clients: 3, path: /ws}"
	for mode, want := range map[string]result.Verdict{"shutdown": result.Passed, "cuts-late": result.Breached, "hangs": result.Hung} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			cmd := running(t, mode)
			more, load := "", sessions
			var attach any = cmd.Process.Pid
			switch mode {
			case "shutdown":
				file := filepath.Join(t.TempDir(), "server.pid")
				if err := os.WriteFile(file, fmt.Appendln(nil, attach), 0o600); err != nil {
					t.Fatal(err)
				}
				attach = file
			case "hangs":
				more = "drain_limit: 1s\n"
			case "cuts-late":
				load = "\n  - {client: http-keepalive, path: /, stop: at-signal}\n  - {client: http-preopened, path: /half}"
			}
			c, _ := runProgram(t, compile(t, fmt.Sprintf(attachedTrial, more, attach, load)), trial.KeepNone)
			if c.Verdict != want || len(c.Judged) != 1 || slices.ContainsFunc(warnings(t, c), func(w string) bool { return strings.HasPrefix(w, "clean-exit") }) {
				t.Errorf("%s, %v, %v, %+v", c.Verdict, classes(c), warnings(t, c), c.Judged)
			}
			if mode == "hangs" && !strings.Contains(fmt.Sprint(c.Breaches), "racebench did not start it") { // reports look for it
				t.Error(c.Breaches)
			}
			if mode == "hangs" && cmd.Process.Signal(syscall.Signal(0)) != nil {
				t.Error("it was not left running")
			}
		})
	}
}

// TestAttachingAsksForConsent refuses a scenario that does not say what the program gets, and how often.
func TestAttachingAsksForConsent(t *testing.T) {
	for text, want := range map[string]string{
		"name: x\ntarget: external\nexternal: {attach: 4242}\nload: [{client: http-keepalive}]\n":                                             "say so with trials: 1 and an inject",
		fmt.Sprintf(strings.Replace(attachedTrial, "attach: %v", "attach: %v, signal_to: group", 1), "", 4242, " [{client: http-keepalive}]"): "for one that racebench starts",
	} {
		s, problems := scenario.Parse("x.yaml", []byte(text), time.Now())
		if problems != nil {
			t.Fatal(problems)
		}
		if _, errs := trial.Compile(s, catalog); len(errs) == 0 || !strings.Contains(errs[0].Msg, want) {
			t.Errorf("%v, want %s", errs, want)
		}
	}
	c, _ := runProgram(t, compile(t, fmt.Sprintf(attachedTrial, "", os.Getpid(), " [{client: http-keepalive}]")), trial.KeepNone)
	if c.Verdict != result.Untested || !strings.Contains(c.Judged[0].Void, "is racebench itself, or runs it") {
		t.Errorf("%s, %+v", c.Verdict, c.Judged)
	}
}
