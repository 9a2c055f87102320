package external

import (
	"fmt"
	"os/exec"
	"testing"
)

// TestAtRest tells a process that waits from one that has something to run and one that has ended.
func TestAtRest(t *testing.T) {
	run := func(script string) *exec.Cmd {
		cmd := exec.Command("/bin/sh", "-c", script)
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = in.Close()
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
		return cmd
	}
	waits, ends, spins := run("read -r _"), run("exit 0"), run("while :; do :; done")
	for pids := []int{waits.Process.Pid}; !atRest(pids[0], pids); { // it waits for its input, so it comes to that
	}
	for state := byte(0); state != 'Z'; { // nobody has collected it
		state, _, _ = statOf(fmt.Sprintf("/proc/%d/stat", ends.Process.Pid))
	}
	for range 200 {
		if pid := spins.Process.Pid; atRest(pid, []int{pid}) {
			t.Fatal("a process that always has something to run was at rest")
		}
		if pid := ends.Process.Pid; atRest(pid, []int{pid}) {
			t.Fatal("a process that has ended was at rest")
		}
		if atRest(waits.Process.Pid, []int{waits.Process.Pid, spins.Process.Pid}) {
			t.Fatal("a program was at rest of which a process has something to run")
		}
	}
	if pid := waits.Process.Pid; !atRest(pid, []int{pid, ends.Process.Pid}) {
		t.Error("a program that waits is not at rest because a child of it has ended")
	}
}
