package invariant

import (
	"fmt"
	"slices"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

func (x *Index) gauges(name string, bad func(ledger.Gauge) (string, bool), summary string) []result.Breach {
	var breaches []result.Breach
	for _, g := range x.e.Gauges {
		cause, isBad := bad(g)
		if !isBad {
			continue
		}
		gauge := x.e.Text(g.Name)
		class := name + "/" + plain(gauge) + "/" + cause
		if i := slices.IndexFunc(breaches, func(b result.Breach) bool { return b.Class == class }); i >= 0 {
			breaches[i].Count++
			continue
		}
		s := x.newStory()
		s.strike()
		s.drain()
		text := fmt.Sprint(g.Value)
		if g.Bound > 0 {
			text = fmt.Sprintf("%d%s; its bound is %d", g.Value, x.sizeOf(gauge), g.Bound)
		}
		s.at(g.At, gauge, text)
		if size := x.processSize(); g.Bound > 0 && size != "" {
			s.add("process", "took "+size+" at most")
		}
		breaches = append(breaches, result.Breach{
			Invariant: name, Class: class, Verdict: result.Breached, Count: 1,
			Summary: fmt.Sprintf(summary, gauge, g.Value, x.sizeOf(gauge)), Evidence: s.lines(),
		})
	}
	return breaches
}

// sizeOf says how many bytes were in what a gauge counts, where another gauge tells.
func (x *Index) sizeOf(gauge string) string {
	for _, g := range x.e.Gauges {
		if x.e.Text(g.Name) == gauge+ledger.BytesOf {
			return fmt.Sprintf(" (%.2f MiB)", float64(g.Value)/(1<<20))
		}
	}
	return ""
}

// processSize is the largest resident size of the trial's process, where it was measured.
func (x *Index) processSize() string {
	for _, g := range x.e.Gauges {
		if x.e.Text(g.Name) == ledger.MemoryGauge {
			return fmt.Sprintf("%.1f MiB", float64(g.Value)/(1<<20))
		}
	}
	return ""
}
