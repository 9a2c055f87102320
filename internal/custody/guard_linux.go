package custody

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ownExecutable is this very program, also after its file was replaced by a new build.
func ownExecutable() (string, error) { return "/proc/self/exe", nil }

// guarded puts a command in a group of its own and ends it with its guardian.
func guarded() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// startGuarded starts a command from a thread that stays, for the kernel ends the command with it, and makes this process
// the parent of whatever the command leaves behind.
func startGuarded(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	syscall.CloseOnExec(3)
	syscall.CloseOnExec(4)
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return err
	}
	return cmd.Start()
}

// endFamily ends what a command has left behind: its group, and what left the group and came to this process as an
// orphan. One that even SIGKILL does not end is stuck in the kernel, and is left there.
func endFamily(first *os.Process) {
	for deadline := time.Now().Add(endLimit / 2); time.Now().Before(deadline); {
		_ = killGroup(first)
		left := ChildrenOf(os.Getpid())
		if len(left) == 0 {
			return
		}
		for _, pid := range left {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		for {
			if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
				break
			}
		}
		time.Sleep(time.Millisecond)
	}
}
