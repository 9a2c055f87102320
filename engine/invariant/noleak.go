package invariant

import (
	"fmt"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

// noLeak finds tasks of the server that were parked or asleep after it said it had stopped. It reports
// nothing while one of them runs, for how long that takes is the machine's doing too.
func noLeak(x *Index, r *breach.Report) {
	if !x.drained || r.Killed || !x.complete() || x.runsOn() {
		return
	}
	var left breach.Groups[ledger.Task]
	for _, t := range x.e.Tasks {
		if t.Target && t.AfterDrain {
			left.Add("no-leak/"+breach.Plain(x.e.Text(t.Name))+"/"+x.cause(t), t)
		}
	}
	for g := range left.Found() {
		summary := "a task of the server outlived its stop"
		if g.N > 1 {
			summary = fmt.Sprintf("%d tasks of the server outlived its stop", g.N)
		}
		r.Add(g.Class, g.N, 0, summary, r.Story("").Drain().Add(x.e.Text(g.Example.Name), "still "+x.waits(g.Example)))
	}
}
