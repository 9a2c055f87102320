package explore

import (
	"math/rand/v2"

	"github.com/racebench/racebench/engine/world"
)

// Estimate learns the hints of a program from so many random walks. They depend on nothing but the
// program. Run plays one schedule under a strategy and tells each step to onStep; it returns how many
// decisions the schedule had.
func Estimate(walks int, run func(s world.Strategy, onStep func(world.Step)) (steps int, err error)) (Hints, error) {
	total := map[string]int{}
	h := Hints{Events: map[string]int{}}
	for i := range walks {
		seen := paths{}
		steps, err := run(newRandom(rand.New(rand.NewPCG(uint64(i), 0)), Hints{}), func(s world.Step) {
			for t := &s.Task.Task; t != nil; t = t.Parent {
				total[seen.of(t)]++
			}
		})
		if err != nil {
			return h, err
		}
		h.Steps = max(h.Steps, steps)
	}
	for path, n := range total {
		h.Events[path] = (n + walks - 1) / walks
	}
	return h, nil
}
