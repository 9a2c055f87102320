package invariant

import (
	"fmt"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/signals"
)

// An unanswered is a class of requests that got no whole answer, with one of them.
type unanswered struct {
	station, cause string
	count          int64
	example        ledger.Wire
}

// answered accuses a program of requests that it had read before the signal and did not answer, and of
// answers that it began and did not finish. What it was killed for is judged as a hang.
func answered(x *Index, terms Terms) []result.Breach {
	if !x.outside() || !x.struck || terms.Killed {
		return nil
	}
	var losses []*unanswered
	atRisk := map[string]int64{}
	for _, w := range x.e.Wires {
		kind := x.riskOf(w)
		if kind == riskSession || kind == riskOpened {
			continue
		}
		if kind == "" {
			continue
		}
		station := kind
		if x.cutShort(w) {
			station = "answer-cut"
		}
		atRisk[station]++
		if !w.End.Lost() {
			continue
		}
		losses = addLoss(losses, station, x.lossCause(w), w)
	}
	var breaches []result.Breach
	for _, l := range losses {
		what := map[string]string{
			riskRead: "requests that the server had read before the signal got no answer", riskUpload: "uploads of which the server had read the head got no answer",
			riskHalf: "answers that had begun before the signal were not finished", "answer-cut": "answers were cut off",
		}[l.station]
		b := result.Breach{
			Invariant: "every-request-answered", Class: "every-request-answered/" + l.station + "/" + l.cause, Verdict: result.Breached,
			Count: l.count, Of: atRisk[l.station], Evidence: x.wireStory(terms, l.example, l.count),
		}
		b.Summary = fmt.Sprintf("%d of %d %s", b.Count, b.Of, what)
		breaches = append(breaches, b)
	}
	return breaches
}

func addLoss(losses []*unanswered, station, cause string, w ledger.Wire) []*unanswered {
	for _, l := range losses {
		if l.station == station && l.cause == cause {
			l.count++
			return losses
		}
	}
	return append(losses, &unanswered{station, cause, 1, w})
}

// lossCause says what took a request's answer away: the process's end, or the connection's while the
// program lived on. It lived on when it answered a request that was sent later.
func (x *Index) lossCause(w ledger.Wire) string {
	for _, ops := range x.e.Ops {
		for i := range ops {
			if op := &ops[i]; op.Outcome == ledger.Accepted && op.Began > w.Ended {
				return "connection-closed"
			}
		}
	}
	end, ok := x.process(extern.ProcessEnded)
	switch {
	case ok && end.Signal != 0:
		return "died-of-" + signals.Name(end.Signal)
	case ok:
		return "exited"
	}
	return "connection-closed"
}
