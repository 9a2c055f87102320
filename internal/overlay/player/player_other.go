//go:build !linux

package player

import (
	"context"
	"errors"
	"syscall"
)

// Start refuses: there are no such processes here.
func Start(context.Context, Options) (*Process, error) {
	return nil, errors.New("Go tests are searched on Linux")
}

func (p *Process) unmap() {}

func (p *Process) kill() {}

// Signalled is no signal.
func (p *Process) Signalled() syscall.Signal { return 0 }
