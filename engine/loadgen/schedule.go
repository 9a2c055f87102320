package loadgen

import (
	"math"
	"math/rand/v2"
	"sync"
	"time"
)

// A Stage is a time in which the rate of an open load goes evenly from one number of requests a second to another.
type Stage struct {
	For      time.Duration
	From, To float64
}

// A Schedule says when the requests of an open load are meant to start. No answer delays it.
type Schedule struct {
	Stages []Stage
	// Poisson draws the pauses between starts from an exponential distribution, as many clients that know nothing of
	// each other would make them; else they are even.
	Poisson bool
}

// Duration is how long the schedule lasts.
func (s Schedule) Duration() time.Duration {
	var d time.Duration
	for _, st := range s.Stages {
		d += st.For
	}
	return d
}

// Peak is its highest rate.
func (s Schedule) Peak() float64 {
	top := 0.0
	for _, st := range s.Stages {
		top = max(top, st.From, st.To)
	}
	return top
}

// starts gives out the starts of one schedule, in order, to whoever asks. It is for use by many.
type starts struct {
	mu    sync.Mutex
	s     Schedule
	rnd   *rand.Rand // nil where starts are even
	place float64    // of the next start, in requests since the schedule began
	stage int
	began time.Duration // of that stage
	base  float64       // requests before it
	over  bool
}

func newStarts(s Schedule, rnd *rand.Rand) *starts {
	q := &starts{s: s}
	if s.Poisson {
		q.rnd = rnd
		q.place = rnd.ExpFloat64()
	}
	return q
}

// take gives out the next start; it is false when there is none left.
func (q *starts) take() (time.Duration, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.next()
}

// rest gives up the starts that were not given out and returns how many they are.
func (q *starts) rest() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	var n int64
	for _, ok := q.next(); ok; _, ok = q.next() {
		n++
	}
	return n
}

func (q *starts) next() (time.Duration, bool) {
	for !q.over {
		if q.stage == len(q.s.Stages) {
			q.over = true
			break
		}
		st := q.s.Stages[q.stage]
		seconds := st.For.Seconds()
		whole := (st.From + st.To) / 2 * seconds // requests of the stage
		into := q.place - q.base
		if into >= whole {
			q.stage, q.began, q.base = q.stage+1, q.began+st.For, q.base+whole
			continue
		}
		at := q.began + time.Duration(math.Round(st.moment(into)*float64(time.Second)))
		q.place++
		if q.rnd != nil {
			q.place += q.rnd.ExpFloat64() - 1
		}
		return at, true
	}
	return 0, false
}

// moment is when, in seconds, a stage has had so many requests. It solves n = from*t + (to-from)*t²/2d for t; the form
// with the root below the line also holds when from and to are equal.
func (s Stage) moment(n float64) float64 {
	steepness := (s.To - s.From) / s.For.Seconds()
	root := max(0, s.From*s.From+2*steepness*n)
	if n == 0 {
		return 0
	}
	return 2 * n / (s.From + math.Sqrt(root))
}
