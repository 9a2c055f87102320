package result

import "github.com/HdrHistogram/hdrhistogram-go"

// The range of every histogram: a microsecond to a minute in nanoseconds, three digits.
const (
	LowestLatency  = 1_000
	HighestLatency = 60_000_000_000
	digits         = 3
)

// NewHistogram returns an empty histogram of nanoseconds. Recording must clamp to HighestLatency.
func NewHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(LowestLatency, HighestLatency, digits)
}

func cloneOf(h *hdrhistogram.Histogram) *hdrhistogram.Histogram {
	c := NewHistogram()
	c.Merge(h)
	return c
}

// Quantiles returns the stored latencies at some percentiles, from 0 to 100, in nanoseconds. It is false
// when the histogram cannot be read.
func (l RowLatency) Quantiles(at []float64) ([]int64, bool) {
	h, err := hdrhistogram.Decode([]byte(l.Histogram))
	if err != nil || h.TotalCount() == 0 {
		return nil, false
	}
	values := make([]int64, len(at))
	for i, q := range at {
		values[i] = h.ValueAtQuantile(q)
	}
	return values, true
}
