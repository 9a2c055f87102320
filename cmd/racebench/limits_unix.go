//go:build unix

package main

import (
	"errors"
	"fmt"
	"syscall"
)

const (
	// ownDescriptors is what racebench and a trial's child open whatever the load is: the standard
	// streams, the runtime's poller, the ledger, clocks, files being written. Connections of an in-process
	// target are not files.
	ownDescriptors = 48
	// trialDescriptors is what racebench holds for each trial that runs: the child's end, its standard
	// input, its stderr, its ledger while it is judged.
	trialDescriptors = 8
)

// checkDescriptors refuses to start where the limit on open files would end a trial in its middle.
func checkDescriptors(parallel int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("read the limit on open files: %w", err)
	}
	needed := uint64(ownDescriptors + parallel*trialDescriptors)
	if uint64(limit.Cur) < needed {
		return fmt.Errorf("the limit on open files is %d, and this run needs %d: raise it with ulimit -n %d",
			limit.Cur, needed, needed)
	}
	return nil
}

// checkConnections refuses to start a load for whose connections there would be no descriptors.
func checkConnections(clients int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("read the limit on open files: %w", err)
	}
	if needed := uint64(ownDescriptors + clients); uint64(limit.Cur) < needed {
		return usagef("the limit on open files is %d, and %d clients need %d: raise it with ulimit -n %d",
			limit.Cur, clients, needed, needed)
	}
	return nil
}

func isClosedPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }
