package loadgen

import (
	"math"
	"testing"
	"time"
)

// all are the starts of a schedule.
func all(s Schedule) []time.Duration {
	q := newStarts(s, stream("schedule"))
	var starts []time.Duration
	for at, ok := q.take(); ok; at, ok = q.take() {
		starts = append(starts, at)
	}
	return starts
}

func TestSchedules(t *testing.T) {
	for _, c := range []struct {
		name   string
		stages []Stage
		n      int
		some   map[int]time.Duration
	}{
		{"constant", []Stage{{time.Second, 1000, 1000}}, 1000, map[int]time.Duration{0: 0, 1: time.Millisecond, 999: 999 * time.Millisecond}},
		{"slow", []Stage{{time.Second, 0.5, 0.5}}, 1, map[int]time.Duration{0: 0}},
		{"steps", []Stage{{time.Second, 10, 10}, {time.Second, 100, 100}}, 110, map[int]time.Duration{9: 900 * time.Millisecond, 10: time.Second, 11: 1010 * time.Millisecond}},
		{"a ramp from nothing", []Stage{{time.Second, 0, 200}}, 100, map[int]time.Duration{0: 0, 25: 500 * time.Millisecond}},
		{"a ramp to nothing", []Stage{{time.Second, 200, 0}}, 100, map[int]time.Duration{0: 0, 75: 500 * time.Millisecond}},
		{"a pause", []Stage{{time.Second, 10, 10}, {time.Second, 0, 0}, {time.Second, 10, 10}}, 20, map[int]time.Duration{10: 2 * time.Second}},
	} {
		got := all(Schedule{Stages: c.stages})
		if len(got) != c.n {
			t.Errorf("%s: %d starts, want %d", c.name, len(got), c.n)
			continue
		}
		for i, want := range c.some {
			if d := got[i] - want; d < -time.Microsecond || d > time.Microsecond {
				t.Errorf("%s: start %d is at %v, want %v", c.name, i, got[i], want)
			}
		}
	}
}

// Starts that are drawn come as often as even ones, and their pauses vary as much as they are long.
func TestPoisson(t *testing.T) {
	got := all(Schedule{Stages: []Stage{{100 * time.Second, 200, 200}}, Poisson: true})
	if n := float64(len(got)); math.Abs(n-20000) > 5*math.Sqrt(20000) {
		t.Errorf("%v starts, want about 20,000", n)
	}
	var sum, squares float64
	for i := 1; i < len(got); i++ {
		d := (got[i] - got[i-1]).Seconds()
		sum, squares = sum+d, squares+d*d
	}
	n := float64(len(got) - 1)
	mean := sum / n
	if variation := math.Sqrt(squares/n-mean*mean) / mean; math.Abs(variation-1) > 0.05 {
		t.Errorf("the pauses vary by %.2f of their mean, want 1", variation)
	}
}

// What was not given out is counted, each once.
func TestRest(t *testing.T) {
	q := newStarts(Schedule{Stages: []Stage{{time.Second, 100, 100}}}, nil)
	q.take()
	if n := q.rest(); n != 99 {
		t.Errorf("%d are left of 100 of which one was taken", n)
	}
	if n := q.rest(); n != 0 {
		t.Errorf("%d are left of none", n)
	}
}

// A heap gives clients out by their moments.
func TestTimers(t *testing.T) {
	var h timers
	rnd := stream("timers")
	for i := range 1000 {
		h.push(time.Duration(rnd.IntN(500)), int32(i))
	}
	last := time.Duration(-1)
	for range 1000 {
		at, _ := h.first()
		h.pop()
		if at < last {
			t.Fatalf("%v after %v", at, last)
		}
		last = at
	}
	if _, ok := h.first(); ok {
		t.Error("the heap is not empty")
	}
}
