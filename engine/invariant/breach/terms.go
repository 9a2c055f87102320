// Package breach is what every invariant needs to report what it finds: the terms of a trial, a report that groups
// breaches by their class, and the story of one example.
package breach

import "time"

// Terms are what a trial was asked for, as far as judging depends on it.
type Terms struct {
	DrainLimit time.Duration
	Duration   time.Duration
	AtStartup  bool  // the server was to be struck while it started
	Signals    []int // that were sent, in order
	Killed     bool  // one of them was SIGKILL: no promise of a process survives that
	Widened    bool  // a window was held open
	Virtual    bool  // time was simulated: a drain was given up when nobody could move any more
	// Control are requests of the run without a signal, a load group each; of external programs only.
	Control []Sample
}

// A Sample is a load group's request in the run without a signal: the middle one of those recorded, by how long
// they took. Times are since it began.
type Sample struct {
	Group   string        `json:"group"`
	Out     int64         `json:"out"` // bytes sent
	In      int64         `json:"in"`  // bytes of the answer
	Code    int           `json:"code,omitempty"`
	Sent    time.Duration `json:"sent_ns"`
	First   time.Duration `json:"first_ns"` // the first byte of the answer
	Took    time.Duration `json:"took_ns"`
	Longest time.Duration `json:"longest_ns"` // of all of the group
	Of      int           `json:"of"`         // how many were answered
}
