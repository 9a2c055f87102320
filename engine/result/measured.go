package result

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The range of every histogram: a microsecond to a minute in nanoseconds, three digits.
const (
	LowestLatency  = 1_000
	HighestLatency = 60_000_000_000
	digits         = 3
)

// Phases of a latency: before the signal struck, and after.
const (
	Steady = "steady"
	Drain  = "drain"
)

// A Latency is how long accepted operations of one group took in one phase, from their intended starts: in one trial
// or over all of them. All but its names is made of Hist.
type Latency struct {
	Op        string `json:"op"`
	Group     string `json:"group"`
	Phase     string `json:"phase"`
	Clock     string `json:"clock"` // wall or virtual
	Count     int64  `json:"count"`
	MeanNS    int64  `json:"mean_ns"`
	P50NS     int64  `json:"p50_ns"`
	P90NS     int64  `json:"p90_ns"`
	P99NS     int64  `json:"p99_ns"`
	P999NS    int64  `json:"p999_ns"`
	MaxNS     int64  `json:"max_ns"`
	Histogram string `json:"histogram"` // HdrHistogram V2, compressed, base64

	Hist *hdrhistogram.Histogram `json:"-"` // while it is added up; Histogram is its stored form
}

// A Throughput counts what became of one group's operations, in one trial or over all of them.
type Throughput struct {
	Op        string  `json:"op"`
	Group     string  `json:"group"`
	Sent      int64   `json:"sent"`
	Accepted  int64   `json:"accepted"`
	Refused   int64   `json:"refused"`
	Unknown   int64   `json:"unknown"`
	Late      int64   `json:"late"`       // started more than a millisecond late through the generator's own doing
	Unsent    int64   `json:"unsent"`     // never started: the client's call before had not returned when the load ended
	Returned  int64   `json:"returned"`   // given back by the server, by id
	PerSecond float64 `json:"per_second"` // accepted, in the steady phase
	// Steady is how many were accepted in Window, which is the time before the signals struck.
	Steady int64         `json:"steady,omitempty"`
	Window time.Duration `json:"window_ns,omitempty"`
}

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
func (l Latency) Quantiles(at []float64) ([]int64, bool) {
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

func byGroup(a, b Latency) int {
	return cmp.Or(cmp.Compare(a.Op, b.Op), cmp.Compare(a.Group, b.Group), -cmp.Compare(a.Phase, b.Phase), cmp.Compare(a.Clock, b.Clock))
}

// withLatency adds a latency to those of a row.
func withLatency(all []Latency, l Latency) []Latency {
	if l.Hist == nil {
		return all
	}
	at, found := slices.BinarySearchFunc(all, l, byGroup)
	if found {
		all[at].Hist.Merge(l.Hist)
		return all
	}
	return slices.Insert(all, at, Latency{Op: l.Op, Group: l.Group, Phase: l.Phase, Clock: l.Clock, Hist: cloneOf(l.Hist)})
}

// encode fills in all that is made of the histogram.
func (l *Latency) encode() error {
	encoded, err := l.Hist.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		return fmt.Errorf("encode the histogram of %s: %w", l.Group, err)
	}
	h := l.Hist
	l.Count, l.MeanNS, l.MaxNS, l.Histogram = h.TotalCount(), int64(h.Mean()), h.Max(), string(encoded)
	l.P50NS, l.P90NS, l.P99NS, l.P999NS = h.ValueAtQuantile(50), h.ValueAtQuantile(90), h.ValueAtQuantile(99), h.ValueAtQuantile(99.9)
	return nil
}

func byOp(a, b Throughput) int {
	return cmp.Or(cmp.Compare(a.Op, b.Op), cmp.Compare(a.Group, b.Group))
}

func (r *Row) addThroughput(t Throughput) {
	at, found := slices.BinarySearchFunc(r.Throughput, t, byOp)
	if !found {
		r.Throughput = slices.Insert(r.Throughput, at, Throughput{Op: t.Op, Group: t.Group})
	}
	have := &r.Throughput[at]
	have.Sent += t.Sent
	have.Accepted += t.Accepted
	have.Refused += t.Refused
	have.Unknown += t.Unknown
	have.Late += t.Late
	have.Unsent += t.Unsent
	have.Returned += t.Returned
	have.Steady += t.Steady
	have.Window += t.Window
}

// perSecond is the rate of accepted operations before the signal, or 0 when there was no such time.
func (t Throughput) perSecond() float64 {
	if t.Window <= 0 {
		return 0
	}
	return float64(t.Steady) / t.Window.Seconds()
}
