//go:build !linux

package external

import "io"

// claim takes a port among all racebench processes, where the system has a name for that which goes with its process.
func claim(int) (io.Closer, bool) { return nil, true }
