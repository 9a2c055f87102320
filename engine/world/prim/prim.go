// Package prim holds the primitives that the four systems under study are written with, with the
// semantics of tokio's: permits that outlive a close, a notification that is stored for nobody, a
// semaphore that can be closed, a merge that does not look again. Go's own would quietly repair the
// very bugs that the systems have.
//
// Everything is built on package world, so that it runs unchanged on goroutines and under a scheduler.
// Every method that takes a Task is a visible operation of that task. Methods that block are await
// points; a task that is aborted there, or whose select another operation won, hands on what it had
// been granted. While a task unwinds, an operation that would block fails as if its object were closed.
package prim

import "errors"

var (
	// ErrClosed says that the object was closed and the operation had no effect.
	ErrClosed = errors.New("closed")
	// ErrFull says that the operation would have had to wait: there is no room, no unit is free, or
	// others came first.
	ErrFull = errors.New("full")
)

// A RecvState says what a receive that does not wait has found.
type RecvState uint8

// The three findings.
const (
	Empty RecvState = iota // nothing now; something may come
	Got                    // a value
	Ended                  // nothing now or ever
)

// String returns the state's name.
func (s RecvState) String() string {
	switch s {
	case Got:
		return "got"
	case Ended:
		return "ended"
	}
	return "empty"
}
