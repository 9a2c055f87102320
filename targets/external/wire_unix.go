//go:build unix

package external

import (
	"errors"
	"syscall"
)

// pending says, without waiting and without taking anything, whether bytes wait to be read, and whether the
// other side has closed with none before the end.
func (c *wireConn) pending() (waiting, ended bool) {
	sc, ok := c.Conn.(syscall.Conn)
	if !ok {
		return false, false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false, true
	}
	err = raw.Control(func(fd uintptr) {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		waiting = n > 0
		ended = n == 0 && err == nil || err != nil && !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR)
	})
	return waiting, ended || err != nil
}
