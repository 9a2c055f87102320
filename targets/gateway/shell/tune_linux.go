package shell

import "syscall"

// segment is the most that one TCP segment carries. The loopback interface would take 64 KiB, and where the
// kernel's buffers hold less than two segments a sender that has found them full once waits a fifth of a
// second for every further one.
const segment = 1400

// tune makes the kernel's buffers of a connection hold no more than so many bytes each way, on each side. It
// is called before the socket is connected or listens, since the window follows from it.
func tune(bytes int) func(network, address string, c syscall.RawConn) error {
	return func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) {
			for _, o := range [...]struct{ level, name, value int }{
				{syscall.IPPROTO_TCP, syscall.TCP_MAXSEG, segment},
				{syscall.SOL_SOCKET, syscall.SO_RCVBUF, bytes},
				{syscall.SOL_SOCKET, syscall.SO_SNDBUF, bytes},
			} {
				if err := syscall.SetsockoptInt(int(fd), o.level, o.name, o.value); err != nil && failed == nil {
					failed = err
				}
			}
		})
		if err != nil {
			return err
		}
		return failed
	}
}
