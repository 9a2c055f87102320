package world

import (
	"errors"
	"syscall"
)

// ErrNoSignals says that this system has no signals to send.
var ErrNoSignals = errors.New("windows has no signals: only engine sim can strike here")

// Raise cannot work here and says so.
func (w *World) Raise(sig syscall.Signal) error {
	if w.sim != nil {
		return w.raise(sig)
	}
	return ErrNoSignals
}
