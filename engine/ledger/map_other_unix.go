//go:build unix && !linux

package ledger

import "os"

// reserve takes disk space for a piece of the file.
func reserve(f *os.File, offset int64, length int) error { return writeZeros(f, offset, length) }

// prefault has no counterpart here.
func prefault([]byte) {}
