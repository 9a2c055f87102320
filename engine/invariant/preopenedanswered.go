package invariant

import (
	"fmt"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

// preopenedAnswered looks at connections that were accepted before the signal and carried their first
// request after it. An answer that was cut is a lost one, and no matter of manners: answered accuses it.
func preopenedAnswered(x *Index, terms Terms) []result.Breach {
	if !x.outside() || !x.struck || terms.Killed {
		return nil
	}
	var lost []ledger.Wire
	var of int64
	for _, w := range x.e.Wires {
		if x.riskOf(w) != riskOpened {
			continue
		}
		of++
		if w.End.Lost() {
			lost = append(lost, w)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	n := int64(len(lost))
	return []result.Breach{{
		Invariant: "preopened-answered", Class: "preopened-answered/first-request/" + lost[0].End.String(), Verdict: result.Breached,
		Count: n, Of: of, Evidence: x.wireStory(terms, lost[0], n),
		Summary: fmt.Sprintf("%d of %d connections that were accepted before the signal got no answer to their first request after it", n, of),
	}}
}
