package ledger

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// reserve takes disk space for a piece of the file.
func reserve(f *os.File, offset int64, length int) error {
	for {
		err := unix.Fallocate(int(f.Fd()), 0, offset, int64(length))
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOSYS):
			return writeZeros(f, offset, length)
		}
		return os.NewSyscallError("fallocate", err)
	}
}

// prefault spares the writers the page faults. An old kernel refuses, which costs only time.
func prefault(mapped []byte) { _ = unix.Madvise(mapped, unix.MADV_POPULATE_WRITE) }
