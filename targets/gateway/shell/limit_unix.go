//go:build unix

package shell

import (
	"errors"
	"syscall"
)

// descriptors raises this process's limit of open files as far as it may, and returns it; 0 is not known.
func descriptors() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	if limit.Cur < limit.Max {
		raised := syscall.Rlimit{Cur: limit.Max, Max: limit.Max}
		if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised) == nil {
			limit = raised
		}
	}
	return int(min(uint64(limit.Cur), 1<<30))
}

// refused says whether an error means that nobody took the connection: no listener, or one that was
// closed with the connection still in its backlog.
func refused(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// ended says whether the other side has ended the connection, or sent what nobody asked for, which is how
// TLS announces the end. It is asked before a request, and does not wait.
func (w *wire) ended() bool {
	raw, err := w.tcp.SyscallConn()
	if err != nil {
		return true
	}
	var b [1]byte
	quiet := false
	err = raw.Read(func(fd uintptr) bool {
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		quiet = errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EINTR)
		return true
	})
	return err != nil || !quiet
}
