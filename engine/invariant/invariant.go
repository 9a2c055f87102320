// Package invariant judges evidence. An invariant is a promise of the server, checked as a pure function
// of what one trial left behind; judges know no servers. Each stands in the file of its name; those that only
// external programs promise stand in a folder of their own.
package invariant

import (
	"slices"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/invariant/external"
	"github.com/racebench/racebench/engine/result"
)

// An Invariant is a promise.
type Invariant struct {
	Name    string
	Summary string
	check   check
}

// A check reports every breach, in a fixed order, each with its class; no breach means that nothing in the
// evidence speaks against the promise.
type check func(x *Index, r *breach.Report)

// all is the table of invariants, in the order in which they are judged and listed.
var all = []Invariant{
	{"no-lost-message", "an accepted message reaches every subscriber it is owed to, or is given back by id", noLostMessage},
	{"no-ghost", "a refused operation has no later effect", noGhost},
	{"no-late-effect", "what timed out has no effect afterwards", noLateEffect},
	{"no-duplicate", "a subscriber sees a message at most once", noDuplicate},
	{"in-order", "a subscriber sees each sender's messages in the order they were accepted", inOrder},
	{"linearizable", "what reads see is what was written last, in some order that fits the times", linearizable},
	{"every-call-returns", "every call gets a reply once the server has stopped", everyCallReturns},
	{"writer-progress", "a write gets its answer within the time that the design claims", writerProgress},
	{"drain-ends", "the server stops within the drain limit", inTurn(drainEnds, either(drainHangs, external.DrainEnds))},
	{"counters-return-to-zero", "slots, permits and gauges are back at zero after the drain", countersReturnToZero},
	{"quiet-after-shutdown", "nothing is admitted once the stop has begun, and nothing touches the backend once it has ended", quietAfterShutdown},
	{"exclusive-writes", "a write has the backend to itself", exclusiveWrites},
	{"one-owner", "one at a time owns what may have one owner, and what is closed is free and touched no more", oneOwner},
	{"fair", "a client neither ends the connections of others nor keeps their calls waiting beyond what is claimed", fair},
	{"bounded-queue", "no queue holds more than it is bounded to", boundedQueue},
	{"right-error", "a refusal says why, and a clean stop returns no error", rightError},
	{"process-survives", "no panic, no fatal error, no end that nobody asked for", inTurn(processSurvives, program(external.ProcessSurvives), stoppedUnasked)},
	{"no-leak", "nothing of the server is left when it says it has stopped", noLeak},
	{"every-request-answered", "a request that the server had read is answered, and no answer is cut", program(external.EveryRequestAnswered)},
	{"preopened-answered", "a connection accepted before the signal gets an answer to its first request after it", program(external.PreopenedAnswered)},
	{"late-connections-answered", "what the program takes after the signal is answered", program(external.LateConnectionsAnswered)},
	{"readiness-turns", "the readiness says no before the port refuses, or the port refuses at once", program(external.ReadinessTurns)},
	{"serves-for", "new and kept connections are answered for as long after the signal as the scenario says", program(external.ServesFor)},
	{"clean-exit", "the program ends with a status that says so", program(external.CleanExit)},
	{"clean-close", "open WebSockets are closed with a close code, such as 1001, not just dropped", either(cleanClose, external.CleanClose)},
	{"acked-survives-restart", "an acknowledged write is there after a restart", program(external.AckedSurvivesRestart)},
	{"listener-closes", "the address takes no connections once the program has stopped", program(external.ListenerCloses)},
	{"no-orphan", "no process of the program outlives the one that got the signal", program(external.NoOrphan)},
	{"jobs-done-or-queued", "an accepted job is done, or still queued, after a stop and a restart", program(external.JobsDoneOrQueued)},
	{"check", "the scenario's own check finds nothing wrong once the program has ended", program(external.Check)},
}

// program is a check of external programs, which has nothing to say of servers inside racebench.
func program(of func(*external.Program, *breach.Report)) check {
	return func(x *Index, r *breach.Report) {
		if x.program != nil {
			of(x.program, r)
		}
	}
}

// either is one check of servers inside racebench and another of external programs.
func either(server check, of func(*external.Program, *breach.Report)) check {
	return func(x *Index, r *breach.Report) {
		if x.program != nil {
			of(x.program, r)
			return
		}
		server(x, r)
	}
}

// inTurn is several checks of one promise.
func inTurn(checks ...check) check {
	return func(x *Index, r *breach.Report) {
		for _, c := range checks {
			c(x, r)
		}
	}
}

// Check returns the breaches of the invariant.
func (v Invariant) Check(x *Index, terms breach.Terms) []result.Breach {
	r := breach.NewReport(x.e, terms)
	v.check(x, r)
	return r.Breaches()
}

// All lists the invariants.
func All() []Invariant { return slices.Clone(all) }

// Find returns the invariant of that name.
func Find(name string) (Invariant, bool) {
	i := slices.IndexFunc(all, func(v Invariant) bool { return v.Name == name })
	if i < 0 {
		return Invariant{}, false
	}
	return all[i], true
}
