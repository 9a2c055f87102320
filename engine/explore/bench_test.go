package explore

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/racebench/racebench/engine/world"
)

// BenchmarkLocks is 10,000 lock-unlock pairs over a number of tasks.
func BenchmarkLocks(b *testing.B) {
	for _, tasks := range []int{5, 100} {
		for _, info := range Strategies() {
			b.Run(fmt.Sprintf("%s/%d", info.Name, tasks), func(b *testing.B) {
				pool := &world.Pool{}
				defer pool.Close()
				steps := 0
				for b.Loop() {
					w := world.NewSim(world.SimOptions{
						Strategy: info.New(rand.New(rand.NewPCG(1, 2)), Hints{Steps: 20_000}), Pool: pool, MaxSteps: 1 << 30,
					})
					r := w.Simulate("main", func(t *world.Task) {
						mu := w.NewMutex("the lock")
						var all []*world.Task
						for i := range tasks {
							all = append(all, t.Go(fmt.Sprint(i), func(t *world.Task) {
								for range 10_000 / tasks {
									mu.Lock(t)
									mu.Unlock(t)
								}
							}))
						}
						for _, o := range all {
							_ = t.Join(o)
						}
					})
					steps += r.Steps
				}
				b.ReportMetric(float64(steps)/b.Elapsed().Seconds()/1e6, "Msteps/s")
			})
		}
	}
}
