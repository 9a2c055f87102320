package gateway

import (
	"github.com/racebench/racebench/targets"
	"github.com/racebench/racebench/targets/promise"
)

// A tracking says how a task group counts its tasks.
type tracking uint8

const (
	uncounted tracking = iota // tasks are started and forgotten
	bySpawner                 // whoever starts a task counts it first
	byTask                    // a task counts itself when it begins
)

// A waiting is the order in which the drain looks at a group's count and subscribes to its news.
type waiting uint8

const (
	checkThenWait      waiting = iota // check once; then subscribe, wait, check
	loopCheckThenWait                 // check, subscribe, wait, in a loop
	subscribeThenCheck                // subscribe, check, wait, in a loop
	pinnedRearm                       // subscribe; then check, wait, subscribe again
)

// A leaving is how a task's end is counted.
type leaving uint8

const (
	afterBody       leaving = iota // a statement after the body, which a panic skips
	byGuard                        // a scope guard
	guardThenByHand                // a guard that a body without a panic disarms, and a statement
	guardThenNot                   // a guard that a body without a panic disarms, and nothing
	afterCatch                     // a statement after a body whose panic was caught
)

// A releasing is how a slot is given back.
type releasing uint8

const (
	deferred releasing = iota // by a scope guard: on return, panic, and when the handler is dropped
	inline                    // by a statement at the handler's end
	twice                     // explicitly, and again by the guard
)

// A dispatching is what the tunnel's receiver does with a message for a full queue.
type dispatching uint8

const (
	tryClose      dispatching = iota // closes that socket as overloaded
	boundedAwait                     // waits for room, with the lock of the entry
	unlockedAwait                    // waits for room, without
	unbounded                        // there is no full queue
	tryDrop                          // drops the message
)

// A recipe is a design of the gateway, as a choice on each of the axes on which the designs differ. The
// reference is the zero value of every axis but these: it counts its tasks, subscribes before it checks,
// leaves by guard, tells its clients to go, drains TLS, tracks the tail, and has a deadline.
type recipe struct {
	targets.Variant

	tracking tracking
	waiting  waiting
	leaving  leaving
	release  releasing
	dispatch dispatching

	tellsAway   bool // sockets are told that the gateway is going away
	drainsTLS   bool // connections of the TLS door are watched
	tracksTail  bool // releases and analytics are in the task group
	refusesLate bool // no task is started for a client once the drain has begun
	limited     bool // the drain has a deadline and gives back what it did not deliver
	ageEvicts   bool // a count of slots goes with its age, also one that is in use
	idTwoSteps  bool // an id is looked up and taken in two steps
}

// variant describes a row.
func variant(name, origin, verdict, summary string, bugs ...string) targets.Variant {
	return targets.Variant{Name: name, Origin: origin, Verdict: verdict, Summary: summary, Bugs: bugs}
}

// breaching says what a row breaches, and what may follow.
func (r recipe) breaching(breaches, also []string) recipe {
	r.Breaches, r.Also = breaches, also
	return r
}

// with changes a copy of a recipe.
func (r recipe) with(v targets.Variant, change func(r *recipe)) recipe {
	r.Variant = v
	change(&r)
	return r
}

func is(names ...string) []string { return names }

// right is the design with every axis right.
var right = recipe{
	tracking: bySpawner, waiting: subscribeThenCheck, leaving: byGuard, release: deferred, dispatch: tryClose,
	tellsAway: true, drainsTLS: true, tracksTail: true, refusesLate: true, limited: true,
}

// merged is the design that went in with #3448.
var merged = recipe{tracking: bySpawner, waiting: checkThenWait, leaving: afterBody, release: inline}

// recipes is the table of variants. Everything a variant does follows from its row.
var recipes = []recipe{
	merged.with(variant("untracked", "rivet before #3448", "buggy-original",
		"waits for HTTP connections; WebSockets are cut", "GW1", "GW6", "GW7", "GW8"), func(r *recipe) {
		r.tracking, r.release = uncounted, deferred
	}).breaching(is(promise.NoLostMessage, promise.EveryCallReturns), is(promise.CleanClose)),
	merged.with(variant("check-then-wait", "rivet #3448", "partial-fix",
		"counts relays; looks at the count, and then waits for news of it", "GW2", "GW3", "GW4", "GW6", "GW7", "GW8"), func(*recipe) {}).
		breaching(is(promise.DrainEnds, promise.CountersReturnToZero, promise.EveryCallReturns, promise.NoLostMessage), is(promise.RightError, promise.CleanClose)),
	merged.with(variant("release-increment", "reviews 1-4, 6-9, 12 of #3448", "no-op-fix",
		"check-then-wait with another memory order, which Go and a counter do not know", "GW2", "GW3", "GW4", "GW6", "GW7", "GW8"), func(*recipe) {}).
		breaching(is(promise.DrainEnds, promise.CountersReturnToZero, promise.EveryCallReturns, promise.NoLostMessage), is(promise.RightError, promise.CleanClose)),
	right.with(variant("loop-check-then-wait", "reviews 1, 2 of #3448", "wrong-fix",
		"the same two steps in a loop", "GW2", "GW3", "GW4"), func(r *recipe) {
		r.waiting, r.leaving, r.release, r.limited = loopCheckThenWait, afterBody, inline, false
	}).breaching(is(promise.DrainEnds, promise.CountersReturnToZero), is(promise.RightError)),
	right.with(variant("subscribe-then-check", "reviews 3, 4, 7-11 of #3448", "partial-fix",
		"subscribes before it looks: no wake-up is lost", "GW3", "GW4"), func(r *recipe) {
		r.leaving, r.release, r.limited = afterBody, inline, false
	}).breaching(is(promise.DrainEnds, promise.CountersReturnToZero), is(promise.RightError)),
	right.with(variant("pinned-rearm", "review 6 of #3448", "partial-fix",
		"subscribes again before each look", "GW3", "GW4"), func(r *recipe) {
		r.waiting, r.leaving, r.release, r.limited = pinnedRearm, afterBody, inline, false
	}).breaching(is(promise.DrainEnds, promise.CountersReturnToZero), is(promise.RightError)),
	right.with(variant("guard-decrement", "reviews 2, 3, 6, 7 of #3448", "partial-fix",
		"a scope guard counts a task's end, also after a panic", "GW4"), func(r *recipe) {
		r.release, r.limited = inline, false
	}).breaching(is(promise.CountersReturnToZero), is(promise.RightError)),
	right.with(variant("guard-forget-decrement", "review 9 of #3448", "partial-fix",
		"a guard that is disarmed, and the decrement by hand", "GW4"), func(r *recipe) {
		r.leaving, r.release, r.limited = guardThenByHand, inline, false
	}).breaching(is(promise.CountersReturnToZero), is(promise.RightError)),
	right.with(variant("guard-forget-only", "review 10 of #3448", "wrong-fix",
		"a guard that is disarmed, and no decrement: every success leaks a count", "leak-on-success"), func(r *recipe) {
		r.leaving, r.limited = guardThenNot, false
	}).breaching(is(promise.DrainEnds), nil),
	right.with(variant("catch-unwind", "reviews 5, 8, 11, 12 of #3448", "partial-fix",
		"catches a panic, then counts the end", "GW4"), func(r *recipe) {
		r.leaving, r.release, r.limited = afterCatch, inline, false
	}).breaching(is(promise.CountersReturnToZero), is(promise.RightError)),
	right.with(variant("release-deferred", "rivet before #3448, review 11", "correct",
		"slots are given back by a guard, whatever ends the handler"), func(*recipe) {}),
	right.with(variant("release-inline", "rivet #3448", "mutation",
		"slots are given back at the end of the handler's body", "GW4"), func(r *recipe) {
		r.release, r.limited = inline, false
	}).breaching(is(promise.CountersReturnToZero), is(promise.RightError)),
	right.with(variant("double-release", "rivet main, August 2026", "mutation",
		"slots are given back at the upgrade or the answer, and again at the end", "GW9"), func(r *recipe) {
		r.release, r.limited = twice, false
	}).breaching(is(promise.BoundedQueue), nil),
	right.with(variant("ttl-eviction", "rivet, all versions", "mutation",
		"a count of slots in use goes with its age; old releases hit the new one", "GW5"), func(r *recipe) {
		r.ageEvicts, r.limited = true, false
	}).breaching(is(promise.BoundedQueue), nil),
	right.with(variant("id-check-then-insert", "rivet 5cf2672", "mutation",
		"looks whether an id is free, then takes it", "GW10"), func(r *recipe) {
		r.idTwoSteps, r.limited = true, false
	}).breaching(is(promise.EveryCallReturns), is(promise.DrainEnds, promise.RightError, promise.NoLostMessage, promise.NoDuplicate)),
	right.with(variant("goaway", "rivet #3550", "partial-fix",
		"tells sockets to go, and waits as #3448 does", "GW2", "GW3"), func(r *recipe) {
		r.waiting, r.leaving, r.limited = checkThenWait, afterBody, false
	}).breaching(is(promise.DrainEnds), nil),
	right.with(variant("increment-in-task", "mutation", "mutation",
		"a task counts itself when it begins: the drain may be over before", "returns-early"), func(r *recipe) {
		r.tracking, r.limited = byTask, false
	}).breaching(is(promise.NoLostMessage), is(promise.EveryCallReturns, promise.CleanClose)),
	right.with(variant("drain-reference", "reference design", "reference",
		"refuses, tells, waits for every task, closes; gives back what a deadline leaves"), func(*recipe) {}),
	right.with(variant("dispatch-bounded-await", "rivet before #5015", "buggy-original",
		"the receiver waits for room in a full queue, with its entry's lock", "GW11", "GW12"), func(r *recipe) {
		r.dispatch, r.limited = boundedAwait, false
	}).breaching(is(promise.DrainEnds, promise.Fair), is(promise.NoLostMessage, promise.EveryCallReturns, promise.RightError)),
	right.with(variant("dispatch-unbounded", "rivet #5015", "partial-fix",
		"queues without a bound", "GW13"), func(r *recipe) {
		r.dispatch, r.limited = unbounded, false
	}).breaching(is(promise.BoundedQueue, promise.DrainEnds), is(promise.NoLostMessage)),
	right.with(variant("dispatch-try-drop", "review of #5015, literally", "partial-fix",
		"a message for a full queue is dropped without a word", "GW14"), func(r *recipe) {
		r.dispatch, r.limited = tryDrop, false
	}).breaching(is(promise.NoLostMessage), is(promise.DrainEnds)),
	right.with(variant("dispatch-try-close", "review of #5015, as meant", "correct",
		"closes the one socket whose queue is full, as overloaded"), func(*recipe) {}),
	right.with(variant("dispatch-unlocked-await", "mutation", "mutation",
		"waits for room without the lock: no circle, and the same stall", "GW11"), func(r *recipe) {
		r.dispatch, r.limited = unlockedAwait, false
	}).breaching(is(promise.DrainEnds, promise.Fair), is(promise.NoLostMessage, promise.EveryCallReturns, promise.RightError)),
}
