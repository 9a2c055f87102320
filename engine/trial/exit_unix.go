//go:build unix

package trial

import (
	"os"
	"syscall"
)

// exitOf returns a process's exit status, or -1 and the signal that ended it.
func exitOf(state *os.ProcessState) (status, signal int) {
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return -1, int(ws.Signal())
	}
	return state.ExitCode(), 0
}
