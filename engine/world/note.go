package world

import "sync/atomic"

// A Note is a number that a task leaves for whoever takes stock of a server that has ended or hangs:
// the message in hand, the way a task ended. It is not a visible operation, so a server must never
// decide anything by what another task has noted. The zero value holds 0.
type Note struct{ v atomic.Int64 }

// Set leaves v.
func (n *Note) Set(v int64) { n.v.Store(v) }

// Swap leaves v and returns what was left before: of several tasks that leave the same, one finds that it is the first.
func (n *Note) Swap(v int64) int64 { return n.v.Swap(v) }

// Add adds d to what was left.
func (n *Note) Add(d int64) { n.v.Add(d) }

// Raise sets the note to v where that is more than what was left.
func (n *Note) Raise(v int64) {
	for old := n.v.Load(); v > old && !n.v.CompareAndSwap(old, v); old = n.v.Load() {
	}
}

// Get returns what was left last. Any task may ask, and code that is on no task.
func (n *Note) Get() int64 { return n.v.Load() }
