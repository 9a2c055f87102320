package schedule

import "embed"

// Source is this package's source, for test processes.
//
//go:embed kind.go state.go task.go
var Source embed.FS
