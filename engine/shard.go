package engine

// A Shard is one of several parts of a run, on one machine each. Trials are dealt out by their index, so that
// all shards together run those that one run would have. The zero Shard is the whole.
type Shard struct {
	Number, Of int // from 1 to Of
}

// index is the trial's index of the n-th trial that the shard runs, from 0.
func (s Shard) index(n int) int {
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
