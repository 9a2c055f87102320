package wire

import "embed"

// Source is this package's source, for the test process.
//
//go:embed memory.go talk.go names.go
var Source embed.FS
