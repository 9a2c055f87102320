package invariant

import (
	"fmt"

	"github.com/racebench/racebench/engine/result"
)

func disorder(x *Index, terms Terms) []result.Breach {
	return append(logDisorder(x, terms), x.oddBreach(x.swaps, "in-order/subscriber/overtaken",
		"message was delivered after a later one of its sender", "messages were delivered after later ones of their senders",
		func(o oddity) string {
			return fmt.Sprintf("saw %s after %s", x.messageName(o.msg), x.messageName(o.before))
		})...)
}

// logDisorder judges the recovered log as a whole. Torn bytes at its end are what a crash may leave; whole
// records behind them, after a stop that ended by itself, are not, nor is a record out of its place.
func logDisorder(x *Index, terms Terms) []result.Breach {
	a := x.e.Audit
	if a == nil || !x.reopenJudged() {
		return nil
	}
	var breaches []result.Breach
	accuse := func(cause, summary string, n int64) {
		s := x.newStory()
		s.strike()
		s.marks()
		s.drain()
		s.add("audit", x.auditWords())
		breaches = append(breaches, result.Breach{
			Invariant: "in-order", Class: "in-order/log/" + cause, Verdict: result.Breached, Count: n, Summary: summary, Evidence: s.lines(),
		})
	}
	if a.Gaps > 0 {
		accuse("gap", counted(int64(a.Gaps), "record does", "records do")+" not follow the one before it in the log", int64(a.Gaps))
	}
	if a.Beyond > 0 && x.drained && !terms.Killed {
		accuse("records-after-a-tear", counted(a.Beyond, "whole record stands", "whole records stand")+
			" after bytes that are none, where nobody will find them", a.Beyond)
	}
	return breaches
}
