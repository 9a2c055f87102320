package external

import "syscall"

type namedSignal struct {
	name   string
	signal syscall.Signal
}

var signalNames = []namedSignal{{"SIGINT", syscall.SIGINT}, {"SIGKILL", syscall.SIGKILL}, {"SIGTERM", syscall.SIGTERM}}

var stopSignals = []syscall.Signal{syscall.SIGTERM, syscall.SIGINT}
