package durability

import (
	"errors"
	"math/rand/v2"

	"github.com/racebench/racebench/engine/world"
)

// ErrOwned says that the log's lock has an owner.
var ErrOwned = errors.New("the log is already opened")

// Files is the folder of one log: what the host needs of a disk, and what a power cut needs to know.
type Files interface {
	// Lock takes the folder's lock, which ends with the process, or returns ErrOwned.
	Lock(t *world.Task) (Lock, error)
	// Names lists the segments in order.
	Names(t *world.Task) ([]string, error)
	// Read returns all of a segment.
	Read(t *world.Task, name string) ([]byte, error)
	// Create makes an empty segment. When it returns, a power cut leaves it there.
	Create(t *world.Task, name string) (File, error)
	// Open opens a segment for writing and cuts it to size bytes.
	Open(t *world.Task, name string, size int64) (File, error)
	// Remove takes a segment away.
	Remove(t *world.Task, name string) error
}

// A File is one segment that is written to.
type File interface {
	// WriteAt writes p at a place. A power cut may forget it, or part of it, until the next Sync.
	WriteAt(t *world.Task, p []byte, at int64) error
	// Sync makes what was written before it survive a power cut.
	Sync(t *world.Task) error
	// Close ends the use of the file. It syncs nothing.
	Close(t *world.Task) error
}

// A Lock is the ownership of a log.
type Lock interface{ Unlock(t *world.Task) error }

// A Disk opens the folder at dir, and makes of it what a power cut leaves.
type Disk interface {
	Open(w *world.World, dir string) (Files, error)
	CutPower(dir string, chance *rand.Rand) error
}
