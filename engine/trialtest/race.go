//go:build race

package trialtest

// RaceBuild says that the race detector is in this build: it is some ten times slower.
const RaceBuild = true
