package invariant

import (
	"fmt"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/result"
)

// ackedSurvives compares what was acknowledged with what the program gave back after a restart.
func ackedSurvives(x *Index, _ Terms) []result.Breach {
	audit, ok := x.process(extern.ProcessAudited)
	if !ok {
		return nil
	}
	classes := map[string]*result.Breach{}
	var order []string
	for _, d := range x.notFound() {
		cause := x.e.Text(d.Cause)
		b := classes[cause]
		if b == nil {
			s := x.newStory()
			op, _ := x.e.Op(d.Msg)
			s.title("one of them: write %s", x.messageName(d.Msg))
			s.at(op.Ended, "server", "acknowledged it")
			s.strike()
			if end, ok := x.process(extern.ProcessEnded); ok {
				s.at(end.At, fmt.Sprintf("pid %d", end.PID), EndOf(end))
			}
			s.at(d.At, "after restart", x.e.Text(d.Where))
			b = &result.Breach{
				Invariant: "acked-survives-restart", Class: "acked-survives-restart/store/" + cause, Verdict: result.Breached,
				Of: audit.Count, Evidence: s.lines(),
			}
			classes[cause] = b
			order = append(order, cause)
		}
		b.Count++
	}
	var breaches []result.Breach
	for _, cause := range order {
		b := classes[cause]
		b.Summary = fmt.Sprintf("%d of %d acknowledged writes were %s after the restart", b.Count, b.Of, cause)
		breaches = append(breaches, *b)
	}
	return breaches
}

// notFound are the acknowledged writes that a restarted program did not give back.
func (x *Index) notFound() []ledger.Discard {
	var lost []ledger.Discard
	for _, d := range x.discards {
		if x.e.Text(d.Station) == restartPlace {
			lost = append(lost, d)
		}
	}
	return lost
}
