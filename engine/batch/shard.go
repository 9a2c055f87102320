package batch

import "fmt"

// A Shard is one of several parts of a run, on one machine each. Trials are dealt out by their index: all shards
// together run those that one run would have, and no trial is in two of them: what replaces a void trial follows from
// that trial alone. The zero Shard is the whole.
type Shard struct {
	Number, Of int // from 1 to Of
	Width      int // how many trials in a row are dealt out at a time; 0 is one
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
	width := max(1, s.Width)
	return (n/width*s.Of+s.Number-1)*width + n%width
}

// share is how many of some planned trials are the shard's.
func (s Shard) share(planned int) int {
	if s.Of < 2 {
		return planned
	}
	width := max(1, s.Width)
	rounds, rest := planned/(width*s.Of), planned%(width*s.Of)
	return rounds*width + min(max(rest-(s.Number-1)*width, 0), width)
}
