package sync

import "unsafe"

//go:linkname rbpoint
func rbpoint(kind uint8, obj unsafe.Pointer)

func rbpointm(kind uint8, m *Mutex) { rbpoint(kind, unsafe.Pointer(m)) }

// The kinds of package schedule.
const (
	rbLock   = 6
	rbUnlock = 7
	rbTry    = 21
)
