//go:build unix

package world

import "syscall"

// Raise sends the signal to this process with kill(2), so that it takes the way a stranger's would.
func (w *World) Raise(sig syscall.Signal) error {
	if w.sim != nil {
		return w.raise(sig)
	}
	return syscall.Kill(syscall.Getpid(), sig)
}
