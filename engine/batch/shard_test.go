package batch

import "testing"

// The shards share out the planned trials without rest, and no two ever run the same one.
func TestShardsShareOutTheTrials(t *testing.T) {
	for width := range 5 {
		for of := 1; of <= 5; of++ {
			for planned := range 23 {
				shareOut(t, width, of, planned)
			}
		}
	}
	if whole := (Shard{}); whole.share(7) != 7 || whole.Index(5) != 5 {
		t.Error("the zero shard is not the whole")
	}
	if third := (Shard{Number: 3, Of: 4, Width: 40}); third.Index(0) != 80 || third.Index(39) != 119 || third.Index(40) != 240 || third.share(100) != 20 {
		t.Error("a shard is not dealt 40 trials in a row")
	}
}

func shareOut(t *testing.T, width, of, planned int) {
	t.Helper()
	ran, run := map[int]int{}, 0
	for number := 1; number <= of; number++ {
		s := Shard{Number: number, Of: of, Width: width}
		share := s.share(planned)
		run += share
		for n := range share {
			index := s.Index(n)
			if other, twice := ran[index]; twice {
				t.Errorf("trial %d is in shards %d and %d of %d", index, other, number, of)
			}
			ran[index] = number
			if index >= planned {
				t.Errorf("shard %d of %d plans trial %d of %d", number, of, index, planned)
			}
		}
	}
	if run != planned {
		t.Errorf("%d shards plan %d trials of %d", of, run, planned)
	}
}
