//go:build !unix

package shell

import (
	"errors"
	"syscall"
)

// descriptors has no limit to ask for here.
func descriptors() int { return 0 }

// refused says whether an error means that nobody took the connection.
func refused(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET)
}

// ended cannot be asked without waiting here. A request on a connection that has ended reads as
// unanswered then, not as unsent.
func (w *wire) ended() bool { return false }
