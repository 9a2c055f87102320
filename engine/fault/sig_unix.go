//go:build unix

package fault

import "syscall"

const (
	sigusr1  = syscall.SIGUSR1
	sigusr2  = syscall.SIGUSR2
	sigwinch = syscall.SIGWINCH
)
