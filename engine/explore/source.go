package explore

import "embed"

// Source is the source of the strategies, of recording and of replay, for test processes. It imports package schedule and
// the standard library alone.
//
//go:embed explore.go hints.go pct.go pos.go random.go record.go urw.go
var Source embed.FS
