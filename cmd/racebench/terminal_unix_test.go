//go:build unix

package main

import (
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// On a terminal a search is one line that moves, and goes away with an interruption.
func TestASearchMovesOnATerminal(t *testing.T) {
	cmd := exec.Command("racebench", "fuzz", "broker/gate-only", "--for", "10m", "--dir", t.TempDir())
	const width = 100
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: width})
	if err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	said := []string{"broker gate-only: ", " schedules, ", "/s, ", "with a breach", " outcomes; "}
	enough := func(shown string) bool {
		for _, line := range strings.Split(shown, eraseLine) {
			if !slices.ContainsFunc(said, func(word string) bool { return !strings.Contains(line, word) }) {
				return strings.Count(shown, eraseLine) >= 4
			}
		}
		return false
	}
	late := time.AfterFunc(4*patience, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	shown, interrupted := "", false
	for buffer := make([]byte, 4096); ; {
		n, err := terminal.Read(buffer)
		shown += string(buffer[:n])
		if err != nil {
			break // the other side has been closed
		}
		if !interrupted && enough(shown) {
			interrupted = true
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait()
	if got := cmd.ProcessState.ExitCode(); got != 130 {
		t.Fatalf("exit status %d, want 130, after a line that says all of %q:\n%q", got, said, shown)
	}
	lines := strings.Split(shown, eraseLine)
	for _, line := range lines[:len(lines)-1] {
		if strings.Contains(line, "schedules, ") && (len(line) >= width || strings.Contains(line, "\n")) {
			t.Errorf("%q is not one line of %d columns", line, width)
		}
	}
}
