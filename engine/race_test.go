//go:build race

package engine_test

// raceBuild says that the race detector is in this build: it is some ten times slower.
const raceBuild = true
