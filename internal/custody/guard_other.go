//go:build unix && !linux

package custody

import (
	"os"
	"os/exec"
	"syscall"
)

func ownExecutable() (string, error) { return os.Executable() }

func guarded() *syscall.SysProcAttr { return ownGroup() }

func startGuarded(cmd *exec.Cmd) error {
	syscall.CloseOnExec(3)
	syscall.CloseOnExec(4)
	return cmd.Start()
}

// endFamily ends what is left of a command's group. What left the group is out of sight here.
func endFamily(first *os.Process) { _ = killGroup(first) }
