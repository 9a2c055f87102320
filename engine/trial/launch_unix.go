//go:build unix && !linux

package trial

import (
	"os"
	"syscall"
)

// childAttributes keep a child out of the terminal's process group, so that Ctrl-C reaches racebench
// alone. That it dies with its parent is its own doing here, by way of standard input.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

const quitSignal = syscall.SIGQUIT

func ownExecutable() (string, error) { return os.Executable() }
