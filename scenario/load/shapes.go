package load

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/racebench/racebench/scenario/spec"
)

// within answers with a start in seconds, unless the load is over by then. Seconds
// stay a float until here because a schedule's far end does not fit a Duration.
func within(seconds float64, duration time.Duration) (time.Duration, bool) {
	nanos := seconds * float64(time.Second)
	if !(nanos < float64(duration)) {
		return 0, false
	}
	start := time.Duration(math.Round(nanos))
	return start, start < duration
}

// saturate starts an operation as soon as the last one ended.
type saturate struct{ duration time.Duration }

func (s saturate) Next(n int, now, lastDone time.Duration) (time.Duration, bool) {
	return now, now < s.duration
}

// rate gives the clients turns: operation n of client c is number n*clients+c of an
// even schedule, so the group keeps its rate without the clients talking.
type rate struct {
	perSecond       float64
	client, clients int
	duration        time.Duration
}

func (r rate) Next(n int, now, lastDone time.Duration) (time.Duration, bool) {
	turn := float64(n)*float64(r.clients) + float64(r.client)
	return within(turn/r.perSecond, r.duration)
}

// ramp is a rate that changes evenly over the duration.
type ramp struct {
	from, to        float64 // per second
	client, clients int
	duration        time.Duration
}

// Next solves turn = from*t + (to-from)*t²/2d for t. The form with the root below the
// line also holds when from and to are equal, where the usual one divides by zero.
func (r ramp) Next(n int, now, lastDone time.Duration) (time.Duration, bool) {
	turn := float64(n)*float64(r.clients) + float64(r.client)
	steepness := (r.to - r.from) / r.duration.Seconds()
	root := r.from*r.from + 2*steepness*turn
	if !(root >= 0) {
		return 0, false // a falling ramp never reaches this turn
	}
	return within(2*turn/(r.from+math.Sqrt(root)), r.duration)
}

// burst starts operations in packs. They are meant to start together, so those that a
// single connection sends one after another count as late from the second on.
type burst struct {
	size     int
	every    time.Duration
	duration time.Duration
}

func (b burst) Next(n int, now, lastDone time.Duration) (time.Duration, bool) {
	return within(float64(n/max(1, b.size))*b.every.Seconds(), b.duration)
}

// slow pauses after each operation, the first included, so that slow readers do not
// all begin with one quick read.
type slow struct {
	delay    spec.DurationRange
	rnd      *rand.Rand
	duration time.Duration
}

func (s *slow) Next(n int, now, lastDone time.Duration) (time.Duration, bool) {
	pause := s.delay.Min
	if width := s.delay.Max - s.delay.Min; width > 0 {
		pause += time.Duration(s.rnd.Int64N(int64(width) + 1))
	}
	start := lastDone + pause
	return start, start >= 0 && start < s.duration
}
