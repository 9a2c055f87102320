package fault

import "syscall"

// Windows knows no such signals; scenarios that name them still parse there.
const (
	sigusr1  = syscall.Signal(10)
	sigusr2  = syscall.Signal(12)
	sigwinch = syscall.Signal(28)
)
