package invariant

import (
	"fmt"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

// reportGauges reports gauges of an invariant that are wrong. The summary is told of a gauge's name, its value and
// its size.
func (x *Index) reportGauges(r *breach.Report, invariant, cause string, wrong func(ledger.Gauge) bool, summary string) {
	var groups breach.Groups[ledger.Gauge]
	for _, g := range x.e.Gauges {
		if wrong(g) {
			groups.Add(invariant+"/"+breach.Plain(x.e.Text(g.Name))+"/"+cause, g)
		}
	}
	for group := range groups.Found() {
		g, name := group.Example, x.e.Text(group.Example.Name)
		text, size := fmt.Sprint(g.Value), x.sizeOf(name)
		if g.Bound > 0 {
			text += fmt.Sprintf("%s; its bound is %d", size, g.Bound)
		}
		s := r.Story("").Drain().After(g.At, name, text)
		if process := x.processSize(); g.Bound > 0 && process != "" {
			s.Add("process", "took "+process+" at most")
		}
		r.Add(group.Class, group.N, 0, fmt.Sprintf(summary, name, g.Value, size), s)
	}
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
