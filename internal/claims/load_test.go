package claims

import "os"

// busyEnv makes the test binary a process that only uses up a core.
const busyEnv = "RACEBENCH_CLAIMS_BUSY"

// beBusy spins until the standard input ends: with the test, whatever ends it.
func beBusy() {
	go func() {
		_, _ = os.Stdin.Read(make([]byte, 1))
		os.Exit(0)
	}()
	for n := uint64(0); ; n++ {
		sink = n
	}
}

var sink uint64
