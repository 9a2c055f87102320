package result

import (
	"fmt"
	"strconv"
)

// partSeeds is how many seeds are kept of a part of a run. The parts of a run and the run itself are dealt out by index, and a
// row lists its trials of the lowest indices: another row that has any trial of a part has its first ones.
const partSeeds = 16

// seeds are those of simulated trials: two trials of one seed are the same trial, and would count twice.
type seeds struct {
	numbers map[uint64]struct{}
	texts   map[string]struct{} // those that are no numbers
}

// add adds the seeds of a row, unless another row has one of them.
func (s *seeds) add(row *Row) error {
	for _, t := range row.PerTrial {
		if s.has(t.Seed) {
			return fmt.Errorf("schedule %s is in two of them, and would count twice: use --shard, or another seed", t.Seed)
		}
	}
	keep := row.PerTrial
	if row.Shard != "" {
		keep = keep[:min(partSeeds, len(keep))]
	}
	if s.numbers == nil {
		s.numbers, s.texts = map[uint64]struct{}{}, map[string]struct{}{}
	}
	for _, t := range keep {
		if n, ok := number(t.Seed); ok {
			s.numbers[n] = struct{}{}
		} else {
			s.texts[t.Seed] = struct{}{}
		}
	}
	return nil
}

func (s *seeds) has(seed string) bool {
	if n, ok := number(seed); ok {
		_, has := s.numbers[n]
		return has
	}
	_, has := s.texts[seed]
	return has
}

// number is the number that a seed is written as.
func number(seed string) (uint64, bool) {
	n, err := strconv.ParseUint(seed, 10, 64)
	return n, err == nil && (seed == "0" || seed[0] != '0')
}
