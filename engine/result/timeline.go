package result

import (
	"maps"
	"slices"
	"time"
)

// Reach is how many pieces of time a timeline has before the strike, and as many after it. What lies beyond
// is in the outermost.
const Reach = 40

// A Tick is what clients did in one piece of time around the strike, in one trial or in several.
type Tick struct {
	At                int           // which piece: 0 begins with the strike, -1 ends there
	Trials            int           // that had load or drain then
	Accepted, Refused int64         // operations that ended so
	Open              int64         // operations under way when the piece ended
	Queued            int64         // accepted messages that not all who got them had got when it ended, or that nobody got
	Sum, Max          time.Duration // of the latencies of accepted ones
}

// Add counts an operation that ended.
func (t *Tick) Add(accepted, refused bool, latency time.Duration) {
	switch {
	case accepted:
		t.Accepted++
		t.Sum += latency
		t.Max = max(t.Max, latency)
	case refused:
		t.Refused++
	}
}

// addTick folds a tick in.
func addTick(into map[int]Tick, t Tick) {
	have := into[t.At]
	into[t.At] = Tick{
		At: t.At, Trials: have.Trials + t.Trials, Accepted: have.Accepted + t.Accepted, Refused: have.Refused + t.Refused,
		Open: have.Open + t.Open, Queued: have.Queued + t.Queued, Sum: have.Sum + t.Sum, Max: max(have.Max, t.Max),
	}
}

// earlier is the lesser of two moments, where nil is none.
func earlier(a, b *time.Duration) *time.Duration {
	if a == nil || b != nil && *b < *a {
		return b
	}
	return a
}

// A RowTimeline is what clients did around the strike, over all trials, in pieces of equal length.
type RowTimeline struct {
	WidthNS int64 `json:"width_ns"`
	// FirstLossNS is when the first message of any trial was accepted that was lost, or the first call cut off,
	// counted from the strike; absent when none was.
	FirstLossNS *int64    `json:"first_loss_ns,omitempty"`
	Ticks       []RowTick `json:"ticks"`
}

// A RowTick is one piece of a timeline.
type RowTick struct {
	At       int   `json:"at"`     // 0 begins with the strike, -1 ends there
	Trials   int   `json:"trials"` // that had load or drain then
	Accepted int64 `json:"accepted"`
	Refused  int64 `json:"refused"`
	Open     int64 `json:"open"`             // under way when the piece ended
	Queued   int64 `json:"queued,omitempty"` // accepted messages on their way when it ended
	MeanNS   int64 `json:"mean_ns"`          // latency of accepted ones
	MaxNS    int64 `json:"max_ns"`
}

func (c *Campaign) timeline() *RowTimeline {
	if len(c.fold.ticks) == 0 {
		return nil
	}
	row := RowTimeline{WidthNS: c.fold.tickWidth.Nanoseconds()}
	if first := c.fold.firstLoss; first != nil {
		ns := first.Nanoseconds()
		row.FirstLossNS = &ns
	}
	for _, at := range slices.Sorted(maps.Keys(c.fold.ticks)) {
		t := c.fold.ticks[at]
		r := RowTick{At: at, Trials: t.Trials, Accepted: t.Accepted, Refused: t.Refused, Open: t.Open, Queued: t.Queued, MaxNS: t.Max.Nanoseconds()}
		if t.Accepted > 0 {
			r.MeanNS = t.Sum.Nanoseconds() / t.Accepted
		}
		row.Ticks = append(row.Ticks, r)
	}
	return &row
}

// addTimeline folds a stored timeline in, if there is one.
func (f *fold) addTimeline(row *RowTimeline) {
	if row == nil {
		return
	}
	f.tickWidth = time.Duration(row.WidthNS)
	if row.FirstLossNS != nil {
		first := time.Duration(*row.FirstLossNS)
		f.firstLoss = earlier(f.firstLoss, &first)
	}
	for _, t := range row.Ticks {
		addTick(f.ticks, Tick{
			At: t.At, Trials: t.Trials, Accepted: t.Accepted, Refused: t.Refused, Open: t.Open, Queued: t.Queued,
			Sum: time.Duration(t.MeanNS * t.Accepted), Max: time.Duration(t.MaxNS),
		})
	}
}
