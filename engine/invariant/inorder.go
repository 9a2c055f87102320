package invariant

import "github.com/racebench/racebench/engine/invariant/breach"

func inOrder(x *Index, r *breach.Report) {
	x.logDisorder(r)
	x.swaps.report(x, r, "in-order/subscriber/overtaken",
		"message was delivered after a later one of its sender", "messages were delivered after later ones of their senders",
		func(o oddity) string { return "saw " + r.Message(o.msg) + " after " + r.Message(o.before) })
}

// logDisorder judges the recovered log as a whole. Torn bytes at its end are what a crash may leave; whole
// records behind them, after a stop that ended by itself, are not, nor is a record out of its place.
func (x *Index) logDisorder(r *breach.Report) {
	a := x.e.Audit
	if a == nil || !x.reopenJudged() {
		return
	}
	report := func(cause, summary string, n int64) {
		r.Add("in-order/log/"+cause, n, 0, summary, r.Story("").Marks().Drain().Add("audit", x.auditWords()))
	}
	if a.Gaps > 0 {
		report("gap", breach.Counted(int64(a.Gaps), "record does", "records do")+" not follow the one before it in the log", int64(a.Gaps))
	}
	if a.Beyond > 0 && x.drained && !r.Killed {
		report("records-after-a-tear", breach.Counted(a.Beyond, "whole record stands", "whole records stand")+
			" after bytes that are none, where nobody will find them", a.Beyond)
	}
}
