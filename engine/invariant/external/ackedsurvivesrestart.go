package external

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
)

// AckedSurvivesRestart compares what was acknowledged with what the program gave back after a restart.
func AckedSurvivesRestart(p *Program, r *breach.Report) {
	audit, ok := p.process(extern.ProcessAudited)
	if !ok {
		return
	}
	var lost breach.Groups[ledger.Discard]
	for _, d := range p.notFound() {
		lost.Add("acked-survives-restart/store/"+p.e.Text(d.Cause), d)
	}
	for g := range lost.Found() {
		d := g.Example
		op, _ := p.e.Op(d.Msg)
		s := r.Story("one of them: write %s", r.Message(d.Msg)).Before(op.Ended, "server", "acknowledged it")
		if end, ok := p.process(extern.ProcessEnded); ok {
			s.At(end.At, pid(end), EndOf(end))
		}
		r.Add(g.Class, g.N, audit.Count, fmt.Sprintf("acknowledged writes were %s after the restart", p.e.Text(d.Cause)),
			s.At(d.At, "after restart", p.e.Text(d.Where)))
	}
}

// notFound are the acknowledged writes that a restarted program did not give back, in the order of the writes.
func (p *Program) notFound() []ledger.Discard {
	var lost []ledger.Discard
	for _, d := range p.e.Discards {
		if p.e.Text(d.Station) == restartPlace {
			lost = append(lost, d)
		}
	}
	slices.SortStableFunc(lost, func(a, b ledger.Discard) int { return cmp.Compare(a.Msg, b.Msg) })
	return lost
}
