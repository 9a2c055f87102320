//go:build unix

package ledger

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// lock keeps other processes from writing the file; the system lets go of it when the process ends,
// however it ends.
func lock(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errors.New("another process is writing it")
	}
	return nil // a file system without locks is no reason not to measure
}

// grow makes sure that the file has room on its disk at offset and maps it.
func grow(f *os.File, offset int64, length int) ([]byte, error) {
	if err := reserve(f, offset, length); err != nil {
		return nil, err
	}
	p, err := unix.MmapPtr(int(f.Fd()), offset, nil, uintptr(length), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	mapped := unsafe.Slice((*byte)(p), length)
	prefault(mapped)
	return mapped, nil
}

// unmap takes a mapping away and says whether the file may be trimmed.
func unmap(mapped []byte) bool {
	return unix.MunmapPtr(unsafe.Pointer(unsafe.SliceData(mapped)), uintptr(len(mapped))) == nil
}

// detach puts private memory in the place of a mapping, in one step, so that a task that still writes
// there writes to nothing. It says whether the file may be trimmed.
func detach(mapped []byte) bool {
	_, err := unix.MmapPtr(-1, 0, unsafe.Pointer(unsafe.SliceData(mapped)), uintptr(len(mapped)),
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE|unix.MAP_FIXED)
	return err == nil
}
