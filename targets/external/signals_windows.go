package external

import "syscall"

var stopSignals = []syscall.Signal{syscall.SIGTERM, syscall.SIGINT}
