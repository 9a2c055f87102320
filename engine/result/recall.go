package result

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/result/void"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// recall makes of what was stored what is added up. The row's lists are shared with the stored one, and are read alone.
func (r *Row) recall() error {
	if !r.AddsUp {
		r.recallEarlier()
	}
	for _, b := range r.Breaches {
		if b.Known == "" && b.Expired == "" {
			r.unlisted = append(r.unlisted, b.Class)
		}
	}
	r.unjudge()
	for _, v := range r.Void {
		if v.Others {
			r.voids.add(void.Reason{}, v.Trials)
		} else {
			r.voids.add(void.Reason{Code: v.Code, Text: v.Reason}, v.Trials)
		}
	}
	onTrials := r.remarks()
	r.said = slices.DeleteFunc(slices.Clone(r.Notes), func(note string) bool { return slices.Contains(onTrials, note) })
	r.Latency, r.Service = slices.Clone(r.Latency), slices.Clone(r.Service)
	for _, all := range [][]Latency{r.Latency, r.Service} {
		if err := recallLatencies(all); err != nil {
			return err
		}
	}
	r.recallSchedules()
	if r.Drain != nil {
		r.unfinished = r.Drain.Unfinished
	}
	var err error
	r.drains, err = drainsOf(r)
	return err
}

// recallLatencies reads the histograms of latencies.
func recallLatencies(all []Latency) error {
	for i := range all {
		l := &all[i]
		h, err := hdrhistogram.Decode([]byte(l.Histogram))
		if err != nil {
			return fmt.Errorf("the histogram of %s cannot be read: %w", l.Group, err)
		}
		l.Hist = h
	}
	return nil
}

// recallSchedules finds out whether every trial is listed with its own schedule, so that they can be counted again.
func (r *Row) recallSchedules() {
	if r.Schedules == nil {
		return
	}
	var listed int64
	for _, t := range r.PerTrial {
		if t.Schedule != 0 {
			listed++
		}
	}
	if r.relisted = listed >= r.Schedules.Run; !r.relisted {
		r.uncounted = r.Schedules.Distinct
	}
}

// untold are known entries that no trial showed and of which nothing else is stored.
func (r *Row) untold() []string {
	return slices.DeleteFunc(slices.Clone(r.Unseen), func(class string) bool {
		return slices.ContainsFunc(r.Known, func(k KnownBreach) bool { return k.Class == class })
	})
}

// recallEarlier fills in what earlier versions did not store, as far as it follows from what they did. What does not
// was not measured, and the sum says so.
func (r *Row) recallEarlier() {
	r.Anytime = true // perhaps: the bound that holds at any time holds in either case
	r.AtStartup = r.Verdict == Passed && r.staked() == 0
	if r.Drain != nil {
		r.DrainLimit = time.Duration(r.Drain.LimitNS)
	}
	if s := r.Schedules; s != nil && s.PerSecond > 0 {
		r.ElapsedNS = int64(float64(s.Run) / s.PerSecond * 1e9)
	}
	r.Known = nil
	apart := len(r.Together) == 0 // one class, or a result of before they were stored
	for _, b := range r.Breaches {
		if apart && b.Trials > 0 {
			r.addTogether(together{Classes: []string{b.Class}, Trials: b.Trials})
		}
		switch {
		case b.Known != "":
			r.Known = append(r.Known, KnownBreach{Class: b.Class, Why: b.Known, Planted: b.Planted, Rate: 1})
		case b.Expired != "":
			r.Known = append(r.Known, KnownBreach{Class: b.Class, Expired: true, Until: b.Expired})
		}
	}
	missed := slices.ContainsFunc(r.Thresholds, func(t Threshold) bool { return t.Value != nil && !t.Holds })
	r.blind = r.Verdict == Missed && !missed
	if r.Timeline != nil {
		whole := *r.Timeline
		whole.Ticks = slices.Clone(whole.Ticks)
		for i := range whole.Ticks {
			t := &whole.Ticks[i]
			t.SumNS = t.MeanNS * t.Accepted
		}
		r.Timeline = &whole
	}
	r.Void = slices.Clone(r.Void)
	for i := range r.Void {
		r.Void[i].Others = r.Void[i].Reason == otherReasons
	}
	r.Notes = append(slices.Clone(r.Notes), r.lacks())
}

// lacks says what of a result of an earlier version cannot be added up.
func (r *Row) lacks() string {
	parts := []string{"totals in what breaches say"}
	if len(r.Throughput) > 0 {
		parts = append(parts, "rates")
	}
	if len(r.Thresholds) > 0 {
		parts = append(parts, "thresholds")
	}
	return "a result of an earlier version is among those that were merged: of it " + strings.Join(parts, ", ") + " are not in the sums"
}
