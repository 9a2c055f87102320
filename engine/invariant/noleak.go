package invariant

import (
	"fmt"

	"github.com/racebench/racebench/engine/result"
)

// leaks finds tasks of the server that were parked or asleep after it said it had stopped. It accuses
// nobody while one of them runs, for how long that takes is the machine's doing too.
func leaks(x *Index, terms Terms) []result.Breach {
	if !x.drained || terms.Killed || !x.complete() || x.runsOn() {
		return nil
	}
	var breaches []result.Breach
	seen := map[string]int{}
	for _, t := range x.e.Tasks {
		if !t.Target || !t.AfterDrain {
			continue
		}
		class := "no-leak/" + plain(x.e.Text(t.Name)) + "/" + x.cause(t)
		if i, ok := seen[class]; ok {
			breaches[i].Count++
			breaches[i].Summary = fmt.Sprintf("%d tasks of the server outlived its stop", breaches[i].Count)
			continue
		}
		seen[class] = len(breaches)
		s := x.newStory()
		s.strike()
		s.drain()
		s.add(x.e.Text(t.Name), "still "+x.waits(t))
		breaches = append(breaches, result.Breach{
			Invariant: "no-leak", Class: class, Verdict: result.Breached, Count: 1,
			Summary: "a task of the server outlived its stop", Evidence: s.lines(),
		})
	}
	return breaches
}
