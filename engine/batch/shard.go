package batch

import "fmt"

// A Shard is one of several parts of a run, on one machine each. Trials are dealt out by their index: all shards
// together run those that one run would have, and no trial is in two of them: what replaces a void trial follows from
// that trial alone. The zero Shard is the whole.
type Shard struct {
	Number, Of int // from 1 to Of
}

// String is the shard as --shard has it; of the whole it is empty.
func (s Shard) String() string {
	if s.Of < 2 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Number, s.Of)
}

// First says whether the shard is the first of its run, or all of it.
func (s Shard) First() bool { return s.Of < 2 || s.Number == 1 }

// Index is the trial's index of the n-th trial that the shard runs, from 0.
func (s Shard) Index(n int) int {
	if s.Of < 2 {
		return n
	}
	return n*s.Of + s.Number - 1
}

// share is how many of some planned trials are the shard's.
func (s Shard) share(planned int) int {
	if s.Of < 2 {
		return planned
	}
	return (planned - s.Number + s.Of) / s.Of
}
