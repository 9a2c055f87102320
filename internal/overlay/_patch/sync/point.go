package sync

import "unsafe"

//go:linkname rbpoint
func rbpoint(kind uint8, obj unsafe.Pointer)

//go:linkname rbon
func rbon() bool

// The kinds of package schedule.
const (
	rbNotify = 10
	rbWait   = 11
)
