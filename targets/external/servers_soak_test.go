//go:build servers && soak

package external_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// controlsHead is the head of the table of controls.
const controlsHead = `| server | signal | under | trials | reported | at risk |
|---|---|---|---|---|---|
`

// TestSilentControlsSoak reports no server that stops well, in a hundred trials each (or RACEBENCH_TRIALS), and in as
// many under a CPU limit of a half with a busy neighbour in it. With RACEBENCH_SERVERS_PAGE it writes what it saw
// into that page.
func TestSilentControlsSoak(t *testing.T) {
	trials := 100
	if n, err := strconv.Atoi(os.Getenv("RACEBENCH_TRIALS")); err == nil {
		trials = n
	}
	s := newServers(t)
	var controls []serverRow
	for _, row := range serverRows {
		if row.control {
			controls = append(controls, row)
		}
	}
	lines := make([]string, 2*len(controls))
	t.Run("controls", func(t *testing.T) {
		for i, row := range controls {
			for j, under := range []string{"no limit", "half a CPU"} {
				t.Run(row.name+" "+row.ends()+" "+under, func(t *testing.T) {
					t.Parallel()
					row.needs(t)
					command := row.command
					if j == 1 {
						command = append([]string{"sh", "-c", "echo $$ > " + halfCPU(t) + `/cgroup.procs && exec "$@"`, "sh"}, command...)
					}
					c := s.run(t, row, command, moment{"400ms..740ms", "800ms"}, trials)
					n := c.Trials
					t.Logf("%s: %d trials, %d void, reported %v, at risk %v", c.Verdict, n.Run, n.Void, classes(c), c.AtRisk)
					if c.Verdict.Finding() || n.Run == 0 { // a starved machine gives fewer trials
						t.Errorf("%s of %d trials: %v", c.Verdict, n.Run, classes(c))
						for _, b := range c.Breaches {
							t.Log(b.Class, b.Summary, strings.Join(b.First.Evidence, "\n"))
						}
					}
					stake, _ := stakes(c)
					lines[2*i+j] = fmt.Sprintf("| %s | %s | %s | %d | %d | %s |\n", row.name, row.ends(), under, n.Run, n.Run-n.Passed, stake)
				})
			}
		}
	})
	if page := os.Getenv("RACEBENCH_SERVERS_PAGE"); page != "" {
		writeTable(t, page, "controls", controlsHead, lines)
	}
}

// halfCPU makes a control group that gets half a CPU, with a process in it that takes all it can get, for as long as
// the test.
func halfCPU(t *testing.T) string {
	t.Helper()
	root, limit, text := "/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", "50000"
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		root, limit, text = "/sys/fs/cgroup", "cpu.max", "50000 100000"
	}
	group, err := os.MkdirTemp(root, "racebench-")
	if err != nil {
		t.Skipf("no control group can be made here: not checked (%v)", err)
	}
	t.Cleanup(func() { // its last process may still be on its way out
		for err := syscall.Rmdir(group); err == syscall.EBUSY; err = syscall.Rmdir(group) {
		}
	})
	if err := os.WriteFile(filepath.Join(group, limit), []byte(text), 0); err != nil {
		t.Skipf("no CPU limit can be set here: not checked (%v)", err)
	}
	busy := exec.Command("sh", "-c", "while :; do :; done")
	if err := busy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = busy.Process.Kill(); _ = busy.Wait() })
	if err := os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte(strconv.Itoa(busy.Process.Pid)), 0); err != nil {
		t.Fatal(err)
	}
	return group
}
