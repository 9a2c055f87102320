package loadgen

import (
	"errors"
	"net"
	"syscall"
)

// wsaRefused is the system's number for a connection that nobody takes.
const wsaRefused = syscall.Errno(10061)

func isRefused(err error) bool { return errors.Is(err, wsaRefused) }

// closed cannot be told without taking what was sent.
func closed(net.Conn, bool) bool { return false }
