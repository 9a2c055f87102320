//go:build unix

package loadgen

import (
	"errors"
	"net"
	"syscall"
)

func isRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// closed says, without waiting, whether the other side has ended an idle connection. What it sends unasked ends it as
// well: nothing that is sent now would get an answer of its own. Over TLS and in frames there is more than answers.
func closed(conn net.Conn, framed bool) bool {
	under, plain := conn, !framed
	if c, ok := conn.(interface{ NetConn() net.Conn }); ok {
		under, plain = c.NetConn(), false
	}
	sc, ok := under.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return true
	}
	gone := false
	err = raw.Control(func(fd uintptr) {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch {
		case err != nil:
			gone = !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR)
		default:
			gone = n == 0 || plain
		}
	})
	return gone || err != nil
}
