// Package invariant judges evidence. An invariant is a promise of the server, checked as a pure function
// of what one trial left behind; judges know no servers.
package invariant

import (
	"slices"
	"time"

	"github.com/racebench/racebench/engine/result"
)

// Terms are what a trial was asked for, as far as judging depends on it.
type Terms struct {
	DrainLimit time.Duration
	Duration   time.Duration
	AtStartup  bool  // the server was to be struck while it started
	Signals    []int // that were sent, in order
	Killed     bool  // one of them was SIGKILL: no promise of a process survives that
	Widened    bool  // a window was held open
	Virtual    bool  // time was simulated: a drain was given up when nobody could move any more
	// Control are requests of the run without a signal, a load group each; of programs from outside only.
	Control []Sample
}

// An Invariant is a promise. Check reports every breach, in a fixed order, each with its class; no breach
// means that nothing in the evidence speaks against it.
type Invariant struct {
	Name    string
	Summary string
	Check   func(x *Index, terms Terms) []result.Breach
}

// all is the table of invariants, in the order in which they are judged and listed.
var all = []Invariant{
	{"no-lost-message", "an accepted message reaches every subscriber it is owed to, or is given back by id", lostMessages},
	{"no-ghost", "a refused operation has no later effect", ghosts},
	{"no-late-effect", "what timed out has no effect afterwards", lateEffects},
	{"no-duplicate", "a subscriber sees a message at most once", duplicates},
	{"in-order", "a subscriber sees each sender's messages in the order they were accepted", disorder},
	{"linearizable", "what reads see is what was written last, in some order that fits the times", linear},
	{"every-call-returns", "every call gets a reply once the server has stopped", openCalls},
	{"writer-progress", "a write gets its answer within the time that the design claims", writerProgress},
	{"drain-ends", "the server stops within the drain limit", drainEnds},
	{"counters-return-to-zero", "slots, permits and gauges are back at zero after the drain", counters},
	{"quiet-after-shutdown", "nothing is admitted once the stop has begun, and nothing touches the backend once it has ended", quietAfterShutdown},
	{"exclusive-writes", "a write has the backend to itself", exclusiveWrites},
	{"one-owner", "one at a time owns what may have one owner, and what is closed is free and touched no more", oneOwner},
	{"fair", "a client neither ends the connections of others nor keeps their calls waiting beyond what is claimed", unfair},
	{"bounded-queue", "no queue holds more than it is bounded to", boundedQueues},
	{"right-error", "a refusal says why, and a clean stop returns no error", rightErrors},
	{"process-survives", "no panic, no fatal error, no end that nobody asked for", processSurvives},
	{"no-leak", "nothing of the server is left when it says it has stopped", leaks},
	{"every-request-answered", "a request that the server had read is answered, and no answer is cut", answered},
	{"preopened-answered", "a connection accepted before the signal gets an answer to its first request after it", preopenedAnswered},
	{"clean-exit", "the program ends with a status that says so", cleanExit},
	{"clean-close", "open WebSockets are closed with a close code, such as 1001, not just dropped", cleanClose},
	{"acked-survives-restart", "an acknowledged write is there after a restart", ackedSurvives},
	{"listener-closes", "the address takes no connections once the program has stopped", listenerCloses},
	{"no-orphan", "no process of the program outlives the one that got the signal", noOrphan},
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
