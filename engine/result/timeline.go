package result

import (
	"cmp"
	"slices"
	"time"
)

// Reach is how many pieces of time a timeline has before the strike, and as many after it. What lies beyond
// is in the outermost.
const Reach = 40

// A RowTimeline is what clients did around the strike, over all trials, in pieces of equal length.
type RowTimeline struct {
	WidthNS int64 `json:"width_ns"`
	// FirstLossNS is when the first message of any trial was accepted that was lost, or the first call cut off,
	// counted from the strike; absent when none was.
	FirstLossNS *int64 `json:"first_loss_ns,omitempty"`
	// The moments of the stop of an external program, counted from the strike: when its readiness first said no and a connection
	// was first refused, in the earliest of all trials; when the last answer came and the program ended by itself, in the latest.
	// Absent where no trial had one.
	ReadinessTurnedNS *int64 `json:"readiness_turned_ns,omitempty"`
	FirstRefusedNS    *int64 `json:"first_refused_ns,omitempty"`
	LastAnswerNS      *int64 `json:"last_answer_ns,omitempty"`
	EndedNS           *int64 `json:"ended_ns,omitempty"`
	Ticks             []Tick `json:"ticks"`
}

// earliest is the smaller of two moments, latest the larger; nil is none.
func earliest(a, b *int64) *int64 {
	if b == nil || a != nil && *a <= *b {
		return a
	}
	moment := *b
	return &moment
}

func latest(a, b *int64) *int64 {
	if b == nil || a != nil && *a >= *b {
		return a
	}
	moment := *b
	return &moment
}

// A Tick is what clients did in one piece of time around the strike, in one trial or in several.
type Tick struct {
	At       int   `json:"at"`     // 0 begins with the strike, -1 ends there
	Trials   int   `json:"trials"` // that had load or drain then
	Accepted int64 `json:"accepted"`
	Refused  int64 `json:"refused"`
	Open     int64 `json:"open"`             // under way when the piece ended
	Queued   int64 `json:"queued,omitempty"` // accepted messages that not all who got them had got when it ended, or that nobody got
	MeanNS   int64 `json:"mean_ns"`          // latency of accepted ones
	MaxNS    int64 `json:"max_ns"`
	SumNS    int64 `json:"sum_ns,omitempty"` // of the latencies that MeanNS is the mean of
}

// Add counts an operation that ended.
func (t *Tick) Add(accepted, refused bool, latency time.Duration) {
	switch {
	case accepted:
		t.Accepted++
		t.SumNS += latency.Nanoseconds()
		t.MaxNS = max(t.MaxNS, latency.Nanoseconds())
	case refused:
		t.Refused++
	}
}

func byMoment(a, b Tick) int { return cmp.Compare(a.At, b.At) }

// timeline is that of one trial.
func (t *Trial) timeline() RowTimeline {
	line := t.Stop
	line.WidthNS, line.FirstLossNS, line.Ticks = t.TickWidth.Nanoseconds(), (*int64)(t.FirstLoss), t.Timeline
	return line
}

// addTimeline adds another timeline; without ticks it says nothing.
func (r *Row) addTimeline(o RowTimeline) {
	if len(o.Ticks) == 0 {
		return
	}
	if r.Timeline == nil {
		r.Timeline = &RowTimeline{}
	}
	sum := r.Timeline
	sum.WidthNS = max(sum.WidthNS, o.WidthNS)
	sum.FirstLossNS = earliest(sum.FirstLossNS, o.FirstLossNS)
	sum.ReadinessTurnedNS = earliest(sum.ReadinessTurnedNS, o.ReadinessTurnedNS)
	sum.FirstRefusedNS = earliest(sum.FirstRefusedNS, o.FirstRefusedNS)
	sum.LastAnswerNS = latest(sum.LastAnswerNS, o.LastAnswerNS)
	sum.EndedNS = latest(sum.EndedNS, o.EndedNS)
	for _, t := range o.Ticks {
		at, found := slices.BinarySearchFunc(sum.Ticks, t, byMoment)
		if !found {
			sum.Ticks = slices.Insert(sum.Ticks, at, Tick{At: t.At})
		}
		have := &sum.Ticks[at]
		have.Trials += t.Trials
		have.Accepted += t.Accepted
		have.Refused += t.Refused
		have.Open += t.Open
		have.Queued += t.Queued
		have.SumNS += t.SumNS
		have.MaxNS = max(have.MaxNS, t.MaxNS)
		if have.Accepted > 0 {
			have.MeanNS = have.SumNS / have.Accepted
		}
	}
}
