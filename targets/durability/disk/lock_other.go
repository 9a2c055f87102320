//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd)

package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/racebench/racebench/targets/durability"
)

// lockFile takes a lock that ends when the file is closed, on systems where an open file cannot be removed,
// as on Windows.
func lockFile(path string) (*os.File, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, durability.ErrOwned
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil, durability.ErrOwned
	}
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	return f, nil
}

// syncDir does nothing where a folder cannot be synced.
func syncDir(string) error { return nil }
