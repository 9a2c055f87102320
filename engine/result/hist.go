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
