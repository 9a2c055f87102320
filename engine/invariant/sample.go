package invariant

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
)

// A Sample is a load group's request in the run without a signal: the middle one of those recorded, by how long
// they took. Times are since it began.
type Sample struct {
	Group   string        `json:"group"`
	Out     int64         `json:"out"` // bytes sent
	In      int64         `json:"in"`  // bytes of the answer
	Code    int           `json:"code,omitempty"`
	Sent    time.Duration `json:"sent_ns"`
	First   time.Duration `json:"first_ns"` // the first byte of the answer
	Took    time.Duration `json:"took_ns"`
	Longest time.Duration `json:"longest_ns"` // of all of the group
	Of      int           `json:"of"`         // how many were answered
}

// Samples are those of a run without a signal, a load group each, in the order of the groups.
func Samples(x *Index) []Sample {
	var samples []Sample
	for lane, info := range x.e.Lanes {
		if slices.ContainsFunc(x.e.Lanes[:lane], func(o ledger.LaneInfo) bool { return o.Group == info.Group }) {
			continue
		}
		var wires []ledger.Wire
		for _, w := range x.e.Wires {
			if x.e.Lanes[w.Lane].Group == info.Group && !session(w) && w.End == extern.WireAnswered && w.Sent > 0 {
				wires = append(wires, w)
			}
		}
		if len(wires) == 0 {
			continue
		}
		took := func(w ledger.Wire) time.Duration { return w.Ended - x.opOf(w).Began }
		slices.SortStableFunc(wires, func(a, b ledger.Wire) int { return cmp.Compare(took(a), took(b)) })
		w := wires[len(wires)/2]
		began := x.opOf(w).Began
		s := Sample{Group: info.Group, Out: w.Out, In: w.In, Code: w.Code, Sent: w.Sent - began, First: w.First - began, Took: w.Ended - began}
		_, s.Longest, s.Of = x.answeredUntil(info.Group, forEver)
		samples = append(samples, s)
	}
	return samples
}

// inControl says what became of the same request in the run without a signal.
func (s *story) inControl(terms Terms, group string) {
	i := slices.IndexFunc(terms.Control, func(c Sample) bool { return c.Group == group })
	if i < 0 {
		return
	}
	c := terms.Control[i]
	s.add("", fmt.Sprintf("the same request in the control run: 0 ms %d B sent, %s first byte of the answer, %s all %d B of it, status %d (the middle one of %d; %s at most)",
		c.Out, relative(c.First-c.Sent), relative(c.Took-c.Sent), c.In, c.Code, c.Of, ms(c.Longest)))
}
