//go:build unix

package signals

import (
	"syscall"

	"golang.org/x/sys/unix"
)

func nameOf(number int) string { return unix.SignalName(syscall.Signal(number)) }

func numberOf(name string) int { return int(unix.SignalNum(name)) }
