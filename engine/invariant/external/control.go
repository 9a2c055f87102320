package external

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
)

// A Toll is what a load without a signal cost.
type Toll struct {
	Answered, Lost int64
	Example        string // one of those lost, after a colon; empty when none was
	// Longest is how long the longest request took, or how long an open one had been under way.
	Longest time.Duration
}

// Unasked counts what the clients of an external program lost although nobody had signalled it.
func Unasked(e *ledger.Evidence) Toll {
	p := newProgram(e)
	var t Toll
	for _, ops := range p.e.Ops {
		for i := range ops {
			switch op := &ops[i]; {
			case op.Outcome == ledger.Accepted:
				t.Answered++
				t.Longest = max(t.Longest, op.Ended-op.Began)
			case op.Outcome == ledger.Refused && t.Lost == 0 && t.Example == "":
				t.Example = ": " + p.e.LaneName(op.Msg.Lane()) + " was " + refusedFor(op.Cause)
			}
		}
	}
	for _, w := range p.e.Wires {
		if session(w) || w.Endless && w.First > 0 && w.End != extern.WireAnswered || w.End == extern.WireHungUp {
			t.Answered++ // it was opened, or nobody waited for more
		}
		if !lasting(w) && w.End == extern.WireOpen { // racebench ended the trial: not the program's doing
			t.Longest = max(t.Longest, w.Ended-p.opOf(w).Began)
		}
		if !lasting(w) && w.End.Lost() {
			t.Lost++
			if t.Lost == 1 {
				t.Example = fmt.Sprintf(", such as one of %s: %s", p.e.LaneName(w.Lane), endOfWire(w))
			}
		}
	}
	if t.Lost == 0 && t.Answered > 0 {
		t.Example = ""
	}
	return t
}

func refusedFor(c ledger.Cause) string {
	switch c {
	case ledger.Closed:
		return "refused a connection, or told 503"
	case ledger.Overloaded:
		return "told 429"
	}
	return "answered with another status than expected"
}

// answeredUntil are the answers that a group got until a moment: how long the middle one and the longest took.
func (p *Program) answeredUntil(group string, until time.Duration) (middle, longest time.Duration, n int) {
	var took []time.Duration
	for lane, ops := range p.e.Ops {
		if p.e.Lanes[lane].Group != group {
			continue
		}
		for i := range ops {
			if op := &ops[i]; op.Outcome == ledger.Accepted && op.Ended <= until {
				took = append(took, op.Ended-op.Began)
			}
		}
	}
	if len(took) == 0 {
		return 0, 0, 0
	}
	slices.Sort(took)
	return took[len(took)/2], took[len(took)-1], len(took)
}

// Endless are the load groups whose answers were all streams without an end, in the order of the groups.
func Endless(e *ledger.Evidence) []string {
	var groups []string
	for lane, info := range e.Lanes {
		endless, ended := false, false
		for _, w := range e.Wires {
			if e.Lanes[w.Lane].Group == info.Group {
				endless, ended = endless || w.Endless, ended || !w.Endless && w.First > 0
			}
		}
		if endless && !ended && !slices.ContainsFunc(e.Lanes[:lane], func(o ledger.LaneInfo) bool { return o.Group == info.Group }) {
			groups = append(groups, info.Group)
		}
	}
	return groups
}

// Samples are those of a run without a signal, a load group each, in the order of the groups.
func Samples(e *ledger.Evidence) []breach.Sample {
	p := newProgram(e)
	var samples []breach.Sample
	for lane, info := range p.e.Lanes {
		if slices.ContainsFunc(p.e.Lanes[:lane], func(o ledger.LaneInfo) bool { return o.Group == info.Group }) {
			continue
		}
		var wires []ledger.Wire
		for _, w := range p.e.Wires {
			if p.e.Lanes[w.Lane].Group == info.Group && !lasting(w) && w.End == extern.WireAnswered && w.Sent > 0 {
				wires = append(wires, w)
			}
		}
		if len(wires) == 0 {
			continue
		}
		took := func(w ledger.Wire) time.Duration { return w.Ended - p.opOf(w).Began }
		slices.SortStableFunc(wires, func(a, b ledger.Wire) int { return cmp.Compare(took(a), took(b)) })
		w := wires[len(wires)/2]
		began := p.opOf(w).Began
		s := breach.Sample{Group: info.Group, Out: w.Out, In: w.In, Code: w.Code, Sent: w.Sent - began, First: w.First - began, Took: w.Ended - began}
		for _, w := range wires {
			if a, ok := p.answerOf(w.Msg); ok {
				s.Line, s.Body = p.e.Text(a.Line), p.e.Text(a.Body)
				break
			}
		}
		s.Whole = p.whole(info.Group)
		_, s.Longest, s.Of = p.answeredUntil(info.Group, math.MaxInt64)
		samples = append(samples, s)
	}
	return samples
}

// inControl says what became of the same request in the run without a signal; of one that was answered badly, what was
// answered.
func inControl(s *breach.Story, control []breach.Sample, group string, bad bool) {
	i := slices.IndexFunc(control, func(c breach.Sample) bool { return c.Group == group })
	if i < 0 {
		return
	}
	c := control[i]
	if bad {
		s.Add("", fmt.Sprintf("the same request in the control run was answered with: %s (%d like it)", answerWords(c.Line, c.Body), c.Of))
		return
	}
	s.Add("", fmt.Sprintf("the same request in the control run: 0 ms %d B sent, %s first byte of the answer, %s all %d B of it, status %s (the middle one of %d; %s at most)",
		c.Out, breach.Relative(c.First-c.Sent), breach.Relative(c.Took-c.Sent), c.In, extern.StatusName(c.Code), c.Of, breach.Milliseconds(c.Longest)))
}
