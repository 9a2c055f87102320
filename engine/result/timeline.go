package result

import (
	"maps"
	"slices"
	"time"
)

// A Tick is what clients did in one piece of time around the strike, in one trial or in several.
type Tick struct {
	At                int           // which piece: 0 begins with the strike, -1 ends there
	Trials            int           // that had load or drain then
	Accepted, Refused int64         // operations that ended so
	Open              int64         // operations under way when the piece ended
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
		Open: have.Open + t.Open, Sum: have.Sum + t.Sum, Max: max(have.Max, t.Max),
	}
}

// A RowTimeline is what clients did around the strike, over all trials, in pieces of equal length.
type RowTimeline struct {
	WidthNS int64     `json:"width_ns"`
	Ticks   []RowTick `json:"ticks"`
}

// A RowTick is one piece of a timeline.
type RowTick struct {
	At       int   `json:"at"`     // 0 begins with the strike, -1 ends there
	Trials   int   `json:"trials"` // that had load or drain then
	Accepted int64 `json:"accepted"`
	Refused  int64 `json:"refused"`
	Open     int64 `json:"open"`    // under way when the piece ended
	MeanNS   int64 `json:"mean_ns"` // latency of accepted ones
	MaxNS    int64 `json:"max_ns"`
}

func (c *Campaign) timeline() *RowTimeline {
	if len(c.fold.ticks) == 0 {
		return nil
	}
	row := RowTimeline{WidthNS: c.fold.tickWidth.Nanoseconds()}
	for _, at := range slices.Sorted(maps.Keys(c.fold.ticks)) {
		t := c.fold.ticks[at]
		r := RowTick{At: at, Trials: t.Trials, Accepted: t.Accepted, Refused: t.Refused, Open: t.Open, MaxNS: t.Max.Nanoseconds()}
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
	for _, t := range row.Ticks {
		addTick(f.ticks, Tick{
			At: t.At, Trials: t.Trials, Accepted: t.Accepted, Refused: t.Refused, Open: t.Open,
			Sum: time.Duration(t.MeanNS * t.Accepted), Max: time.Duration(t.MaxNS),
		})
	}
}
