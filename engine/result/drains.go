package result

import (
	"fmt"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// drains are how long drains took: each of them while every trial is listed, then a histogram, so that more
// trials need no more room. It depends on what was added alone, not on the order.
type drains struct {
	each    []time.Duration
	hist    *hdrhistogram.Histogram // nil while there is each
	longest time.Duration
}

// longestDrain is where the histogram of drains ends; longer ones count as so long.
const longestDrain = 24 * time.Hour

// deadlineEnd is how a trial's drain ended that the server's own deadline ended.
const deadlineEnd = "deadline"

func (r *Row) addDeadline(d rowDeadline) {
	if r.DrainDeadline == nil {
		r.DrainDeadline = &rowDeadline{}
	}
	r.DrainDeadline.Ended += d.Ended
	r.DrainDeadline.Of += d.Of
}

func newDrainHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, longestDrain.Nanoseconds(), digits)
}

func (d *drains) add(took time.Duration) {
	d.longest = max(d.longest, took)
	if d.hist == nil {
		d.each = append(d.each, took)
		return
	}
	_ = d.hist.RecordValue(min(max(took, 0), longestDrain).Nanoseconds()) // within its range
}

func (d *drains) merge(o *drains) {
	if o.hist != nil {
		d.pool()
		d.hist.Merge(o.hist)
	}
	for _, took := range o.each {
		d.add(took)
	}
	d.longest = max(d.longest, o.longest)
}

// pool puts the drains in the histogram.
func (d *drains) pool() {
	if d.hist != nil {
		return
	}
	each := d.each
	d.each, d.hist = nil, newDrainHistogram()
	for _, took := range each {
		d.add(took)
	}
}

func (d *drains) count() int {
	if d.hist != nil {
		return int(d.hist.TotalCount())
	}
	return len(d.each)
}

// quantiles are the drains at some percentiles, from 0 to 100, or nil when none ended. Those of the histogram are
// exact to three digits, and the longest is always exact.
func (d *drains) quantiles(at ...float64) []time.Duration {
	n := d.count()
	if n == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(d.each))
	var all []time.Duration
	for _, q := range at {
		switch {
		case q == 100:
			all = append(all, d.longest)
		case d.hist != nil:
			all = append(all, min(time.Duration(d.hist.ValueAtQuantile(q)), d.longest))
		default:
			all = append(all, sorted[nearestRank(q, n)])
		}
	}
	return all
}

// encoded is the histogram as a row has it; empty while every trial is listed.
func (d *drains) encoded() (string, error) {
	if d.hist == nil {
		return "", nil
	}
	encoded, err := d.hist.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		return "", fmt.Errorf("encode the histogram of drains: %w", err)
	}
	return string(encoded), nil
}

// drainsOf are the drains of a stored row, as far as it was stored.
func drainsOf(row *Row) (drains, error) {
	var d drains
	if row.Drain == nil {
		return d, nil
	}
	d.longest = time.Duration(row.Drain.MaxNS)
	if row.Drain.Histogram != "" {
		h, err := hdrhistogram.Decode([]byte(row.Drain.Histogram))
		if err != nil {
			return d, fmt.Errorf("read the histogram of drains: %w", err)
		}
		d.hist = newDrainHistogram()
		d.hist.Merge(h)
		return d, nil
	}
	for _, t := range row.PerTrial {
		if t.DrainNS > 0 && t.Verdict != Void {
			d.add(time.Duration(t.DrainNS))
		}
	}
	for d.count() < row.Drain.Count { // those that took no time are not listed
		d.add(0)
	}
	return d, nil
}
