package external

import (
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
)

// claim takes a port among all racebench processes of this machine, and says whether nobody else has it. Between the look
// for a free port and the program's own listen lie milliseconds, in which another racebench, of the same seed perhaps, would
// find it free, too. An abstract socket is of the network namespace, as the port is, and goes with its process.
func claim(port int) (io.Closer, bool) {
	l, err := net.Listen("unix", fmt.Sprintf("@racebench-port-%d", port))
	if err != nil {
		return nil, !errors.Is(err, syscall.EADDRINUSE) // where there are no such sockets, nobody claims
	}
	return l, true
}
