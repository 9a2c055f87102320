package trial

import "syscall"

// childAttributes make a child die with its parent whatever ends the parent, and keep it out of the
// terminal's process group, so that Ctrl-C reaches racebench alone.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

const quitSignal = syscall.SIGQUIT

// ownExecutable is this very program, also after its file was replaced by a new build: a campaign must
// not change programs half-way.
func ownExecutable() (string, error) { return "/proc/self/exe", nil }
