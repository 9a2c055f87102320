package world

import (
	"math/rand/v2"
	"runtime"
	"testing"
)

// A task that leaves its goroutine, as a test does that has failed, takes Simulate's caller with it, whoever waits
// in whose place by then.
func TestATaskThatLeavesItsGoroutineEndsTheCaller(t *testing.T) {
	for seed := range uint64(20) {
		returned := false
		left := make(chan struct{})
		go func() {
			defer close(left)
			w := NewSim(SimOptions{Strategy: walk{rand.New(rand.NewPCG(seed, 1))}})
			w.Simulate("test", func(task *Task) {
				turn := w.NewAtomic("turn", 0)
				for range 3 {
					task.Go("other", func(task *Task) {
						for range 3 {
							turn.Add(task, 1)
						}
					})
				}
				turn.Add(task, 1)
				runtime.Goexit()
			})
			returned = true
		}()
		<-left
		if returned {
			t.Errorf("seed %d: Simulate returned", seed)
		}
	}
}
