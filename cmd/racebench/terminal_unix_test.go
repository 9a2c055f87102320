//go:build unix

package main

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"

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
	shown, interrupted := "", false
	for buffer := make([]byte, 4096); ; {
		n, err := terminal.Read(buffer)
		shown += string(buffer[:n])
		if err != nil {
			break // the other side has been closed
		}
		if drawn := strings.Count(shown, eraseLine+"broker gate-only: "); drawn >= 3 && !interrupted {
			interrupted = true
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait()
	if got := cmd.ProcessState.ExitCode(); got != 130 {
		t.Errorf("exit status %d, want 130:\n%q", got, shown)
	}
	lines := strings.Split(shown, eraseLine)
	for _, want := range []string{"schedules, ", "/s, ", "with a breach", "outcomes; "} {
		if !strings.Contains(lines[min(3, len(lines)-1)], want) {
			t.Errorf("no %q in %q", want, lines)
		}
	}
	for _, line := range lines[:len(lines)-1] {
		if strings.Contains(line, "schedules, ") && (len(line) >= width || strings.Contains(line, "\n")) {
			t.Errorf("%q is not one line of %d columns", line, width)
		}
	}
}
