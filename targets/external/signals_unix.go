//go:build unix

package external

import "syscall"

type namedSignal struct {
	name   string
	signal syscall.Signal
}

var signalNames = []namedSignal{
	{"SIGABRT", syscall.SIGABRT}, {"SIGHUP", syscall.SIGHUP}, {"SIGINT", syscall.SIGINT}, {"SIGKILL", syscall.SIGKILL},
	{"SIGQUIT", syscall.SIGQUIT}, {"SIGTERM", syscall.SIGTERM}, {"SIGUSR1", syscall.SIGUSR1}, {"SIGUSR2", syscall.SIGUSR2},
	{"SIGWINCH", syscall.SIGWINCH},
}

var stopSignals = []syscall.Signal{
	syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH,
}
