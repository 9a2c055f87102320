package world

import (
	"testing"
	"time"
)

// An eager strategy lets time pass whenever it can, a lazy one only when nobody else can go on.
type eager bool

func (e eager) Next(s *State) int {
	for i, t := range s.Runnable {
		if (t.ID == clockID) == bool(e) {
			return i
		}
	}
	return 0
}

func TestTimeThatNobodyCouldSpareIsCountedApart(t *testing.T) {
	const nap = 10 * time.Millisecond
	nappers := func(task *Task) {
		a := task.Go("a", func(task *Task) { task.Sleep(nap) })
		b := task.Go("b", func(task *Task) { task.Sleep(nap) })
		_, _ = task.Join(a), task.Join(b)
	}
	busy := func(task *Task) {
		n := task.w.NewAtomic("work", 0)
		a := task.Go("a", func(task *Task) { task.Sleep(nap) })
		for range 10 {
			n.Add(task, 1)
		}
		_ = task.Join(a)
	}
	for _, tc := range []struct {
		name     string
		body     func(*Task)
		strategy Strategy
		least    time.Duration
		most     time.Duration
	}{
		{"who sleeps at once sleeps together", nappers, eager(false), nap - time.Microsecond, nap},
		{"naps one after the other, for somebody was always about to go on", nappers, eager(true), 0, 0},
		{"a nap beside work that goes on first", busy, eager(false), nap - 10*time.Microsecond, nap},
		{"a nap that ends while somebody works", busy, eager(true), 0, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := NewSim(SimOptions{Strategy: tc.strategy})
			r := w.Simulate("test", tc.body)
			if got := w.Waited(); r.Ending != Finished || got < tc.least || got > tc.most || got > r.Time {
				t.Errorf("waited %s of %s, want from %s to %s; ending %d", got, r.Time, tc.least, tc.most, r.Ending)
			}
		})
	}
}
