//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd)

package custody

import "os"

// Hold holds nothing and makes no file: the system has no locks that end with their process.
func Hold(string) (*os.File, error) { return nil, nil }

// Seize finds nothing: nobody can tell who is gone.
func Seize(string) (lock *os.File, note string, ok bool) { return nil, "", false }
