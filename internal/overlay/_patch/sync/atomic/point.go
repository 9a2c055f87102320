package atomic

import "unsafe"

//go:linkname rbpoint
func rbpoint(kind uint8, obj unsafe.Pointer)

// The kinds of package schedule.
const (
	rbLoad  = 12
	rbStore = 13
)
