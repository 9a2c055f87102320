package result

import (
	"path"
	"slices"
)

// softRisks are kinds of work at programs from outside whose loss only warns, unless the invariant that
// speaks of it is expected by name.
var softRisks = map[string]string{"preopened": "preopened-answered"}

// kindOf is the kind of work that breaches and warnings of an invariant and a station count.
var kindOf = map[string]string{
	"preopened-answered/first-request": "preopened", "clean-close/websocket": "websocket-open", "clean-close/stream": "stream-open",
	"every-request-answered/request-read": "request-read", "every-request-answered/upload-half-received": "upload-half-received",
	"every-request-answered/answer-half-sent": "answer-half-sent", "acked-survives-restart/store": "acknowledged-write",
	"jobs-done-or-queued/queue": "accepted-job",
}

// countOfAll gives what counts a kind of work at a program from outside the total of all trials: the table of what
// was at risk has the same.
func (r *Row) countOfAll(b *RowBreach) {
	at := slices.IndexFunc(r.AtRisk, func(k RowRisk) bool { return k.Kind == kindOf[path.Dir(b.Class)] })
	if text, counted := b.text(); counted && at >= 0 && r.External() {
		b.Of = r.AtRisk[at].Count
		b.say(text, true)
	}
}

// staked returns in how many trials, at the least, something was at risk whose loss is judged: the most that any
// one such kind was in; 0 means that nothing was tested. Servers inside this process count what was at risk together.
func (r *Row) staked() int {
	most := 0
	for _, k := range r.AtRisk {
		if invariant, soft := softRisks[k.Kind]; soft && r.External() && !slices.Contains(r.Invariants, invariant) {
			continue
		}
		if k.Count > 0 {
			most = max(most, k.Trials, 1)
		}
	}
	return most
}

// Proving is the number of trials that the rate is computed from which a pass rules out. At a program from
// outside a trial proves something only where work was at risk; where the stop itself is the test, each does.
func (r *Row) Proving() int {
	if n := r.staked(); r.External() && n > 0 {
		return min(n, r.Trials.Run)
	}
	return r.Trials.Run
}

// ofWork are invariants that speak of one kind of work alone.
var ofWork = map[string]string{"acked-survives-restart": "acknowledged-write", "jobs-done-or-queued": "accepted-job"}

// Tried are the invariants that something was at stake for: writes to a program from outside outlive nothing where
// none was acknowledged, and so it is with jobs.
func (r *Row) Tried() []string {
	return slices.DeleteFunc(slices.Clone(r.Invariants), func(name string) bool {
		kind, one := ofWork[name]
		return one && !slices.ContainsFunc(r.AtRisk, func(k RowRisk) bool { return k.Kind == kind && k.Count > 0 })
	})
}

// proves says whether every trial was clean, and something of what fails was at risk in one of them. For a
// server inside this process it does not ask: there the verdict says so.
func (r *Row) proves() bool {
	n := r.Trials
	return n.Run > 0 && n.Passed == n.Run && len(r.Breaches) == 0 && (!r.External() || r.AtStartup || r.staked() > 0)
}
