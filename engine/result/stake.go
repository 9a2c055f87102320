package result

import (
	"slices"

	"github.com/racebench/racebench/scenario"
)

// softRisks are kinds of work at programs from outside whose loss only warns, unless the invariant that
// speaks of it is expected by name.
var softRisks = map[string]string{"preopened": "preopened-answered"}

// kindOf is the kind of work that an invariant's breaches and warnings count.
var kindOf = map[string]string{"preopened-answered": "preopened", "clean-close": "websocket-open"}

// ofAll gives what counts a kind of work at a program from outside the total of all trials: the table of what
// was at risk has the same.
func (c *Campaign) ofAll(folded []FoldedBreach) []FoldedBreach {
	for i := range folded {
		b := &folded[i]
		if risk, ok := c.fold.risks[kindOf[b.Invariant]]; ok && c.Header.Target == scenario.External {
			b.Total = risk.Count
			b.Summary = b.summary()
		}
	}
	return folded
}

// stakedIn returns in how many trials, at the least, something was at risk whose loss is judged: the most
// that any one such kind was in. Servers inside this process count what was at risk together.
func stakedIn(target string, judged []string, risks []FoldedRisk) int {
	most := 0
	for _, r := range risks {
		if invariant, soft := softRisks[r.Kind]; soft && target == scenario.External && !slices.Contains(judged, invariant) {
			continue
		}
		if r.Count > 0 {
			most = max(most, r.Trials, 1)
		}
	}
	return most
}

// tested is stakedIn of the campaign; 0 means that nothing was tested.
func (c *Campaign) tested() int { return stakedIn(c.Header.Target, c.Header.Invariants, c.AtRisk) }

// staked is stakedIn of a stored row.
func (row Row) staked() int {
	var risks []FoldedRisk
	for _, k := range row.AtRisk {
		risks = append(risks, FoldedRisk{Risk: Risk{Kind: k.Kind, Count: k.Count}, Trials: k.Trials})
	}
	return stakedIn(row.Target, row.Invariants, risks)
}

// Proving is the number of trials that the rate is computed from which a pass rules out. At a program from
// outside a trial proves something only where work was at risk; where the stop itself is the test, each does.
func (row Row) Proving() int {
	if n := row.staked(); row.Target == scenario.External && n > 0 {
		return min(n, row.Trials.Run)
	}
	return row.Trials.Run
}
