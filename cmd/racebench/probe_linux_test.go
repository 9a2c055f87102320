package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// TestNothingOfAProgramOutlivesRacebench ends racebench in the middle of a probe and looks for a process that
// the program had started.
func TestNothingOfAProgramOutlivesRacebench(t *testing.T) {
	needsProc(t)
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "pid")
			p := &process{t: t, dir: dir, ended: make(chan error, 1)}
			p.cmd = exec.Command("racebench", "probe", "--dir", filepath.Join(dir, "runs"), "--progress", "none", "--path", "/slow",
				"--", "testserver", "parent", file)
			p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
			p.launch()
			pid := 0
			until(t, "the program's own process", func() bool {
				raw, err := os.ReadFile(file)
				if err != nil {
					return false
				}
				pid, err = strconv.Atoi(string(raw))
				return err == nil
			})
			p.signal(sig)
			p.status()
			until(t, "the end of the program's own process", func() bool { return !alive(pid) })
		})
	}
}
