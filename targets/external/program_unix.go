//go:build unix

package external

import (
	"os"
	"syscall"
)

func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func killGroup(pgid int) error { return syscall.Kill(-pgid, syscall.SIGKILL) }

func signalGroup(pgid int, sig syscall.Signal) error { return syscall.Kill(-pgid, sig) }

// askForStacks makes a Go program, a JVM and some others print what they are doing.
func askForStacks(pid int) error { return syscall.Kill(pid, syscall.SIGQUIT) }

// endOf returns a process's exit status, or -1 and the signal that ended it.
func endOf(state *os.ProcessState) (status int, signal syscall.Signal) {
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return -1, ws.Signal()
	}
	return state.ExitCode(), 0
}

func killOne(pid int) { _ = syscall.Kill(pid, syscall.SIGKILL) }

func sendSignal(pid int, sig syscall.Signal) error { return syscall.Kill(pid, sig) }
