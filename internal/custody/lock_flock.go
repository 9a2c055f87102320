//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package custody

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// maxNote is the longest note that is read.
const maxNote = 4096

// Hold makes a lock file and holds it as long as the file is open. The kernel lets go of it whatever ends the process. Where
// the file system knows no locks there is none, and no error.
func Hold(path string) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
		if err != nil {
			return nil, err
		}
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
			_ = f.Close()
			_ = os.Remove(path)
			if errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.ENOLCK) || errors.Is(err, syscall.ENOSYS) {
				return nil, nil
			}
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if isAt(f, path) {
			return f, nil
		}
		_ = f.Close() // somebody swept it before it was held
	}
}

// Seize holds a lock of this user's that nobody else does, and returns what was noted in it.
func Seize(path string) (lock *os.File, note string, ok bool) {
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, "", false
	}
	if isOurs(f) && syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil && isAt(f, path) {
		raw, err := io.ReadAll(io.LimitReader(f, maxNote))
		if err == nil {
			return f, string(raw), true
		}
	}
	_ = f.Close()
	return nil, "", false
}

// isOurs says whether a regular file belongs to this user: a folder for temporary files is everybody's.
func isOurs(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// isAt says whether a path still names the file that was opened there.
func isAt(f *os.File, path string) bool {
	opened, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(path)
	return err == nil && os.SameFile(opened, there)
}
