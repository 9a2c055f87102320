package durability

import (
	"github.com/racebench/racebench/targets"
	"github.com/racebench/racebench/targets/promise"
)

// A background is how the exit of a host deals with its background tasks.
type background uint8

const (
	stopJoin     background = iota // tell them to stop and wait for them, and then close
	closeAbort                     // close, and then abort them
	abortClose                     // abort them, and then close
	dropFirst                      // drop the host, which aborts them, before anything else
	abortJoinEnd                   // abort them and wait for their tasks, and then close
)

// An enqueue is how a commit's record gets into the queue.
type enqueue uint8

const (
	reserveFirst enqueue = iota // room first, then the lock; the record goes in under the lock
	underLock                   // it waits for room with the lock held
	afterUnlock                 // once the lock has been given back
)

// A closing is how several closers of one log get on.
type closing uint8

const (
	sharedResult closing = iota // all of them wait for the same result
	joinHandle                  // the first takes the handle to join; the next finds none and returns
	timeoutAbort                // a timeout aborts the actor, and with it its lock goes
)

// A recipe is a design of the host's end, as a choice on each of the axes on which the designs differ.
// The zero value of every axis is the reference's.
type recipe struct {
	targets.Variant

	background  background
	enqueue     enqueue
	closing     closing
	panicsLate  bool // a commit that comes after the close panics
	panicsWoken bool // a commit that waits for room when the close comes panics
	reorders    bool // the worker puts records back in order, and forgets those that wait for one that never comes
	unbounded   bool // the queues have no bound
	oneThread   bool // the worker and the scheduled reducers share a thread
	unlocksLate bool // the close is reported before the lock is free
	countsLate  bool // the depth counts a record after it was sent
	forgets     bool // the controller forgets the host before it is closed
	deaf        bool // the signal ends the server, and nobody closes the host
}

// What a panic of a task may lead to, whatever the design: with policy exit the process is gone.
var afterPanic = []string{promise.NoLostMessage, promise.RightError, promise.EveryCallReturns}

// recipes is the table of variants. Everything a variant does follows from its row.
var recipes = []recipe{
	{
		Variant: targets.Variant{
			Name: "close-then-abort", Origin: "before SpacetimeDB #4581", Verdict: "buggy-original",
			Summary:  "closes the log, and then aborts the background tasks that commit to it",
			Bugs:     []string{"DH1", "DH16"},
			Breaches: []string{promise.ProcessSurvives}, Also: afterPanic,
		},
		background: closeAbort, panicsLate: true,
	},
	{
		Variant: targets.Variant{
			Name: "abort-then-close", Origin: "SpacetimeDB #4581", Verdict: "wrong-fix",
			Summary:  "aborts the background tasks, and closes while a blocking one still runs",
			Bugs:     []string{"DH2", "DH16"},
			Breaches: []string{promise.ProcessSurvives}, Also: afterPanic,
		},
		background: abortClose, panicsLate: true,
	},
	{
		Variant: targets.Variant{
			Name: "drop-host-first", Origin: "review of SpacetimeDB #4581", Verdict: "partial-fix",
			Summary:  "drops the host before the close: the same abort, a little earlier",
			Bugs:     []string{"DH2", "DH16"},
			Breaches: []string{promise.ProcessSurvives}, Also: afterPanic,
		},
		background: dropFirst, panicsLate: true,
	},
	{
		Variant: targets.Variant{
			Name: "abort-join-wrapper", Origin: "the natural next attempt", Verdict: "partial-fix",
			Summary:  "aborts and joins the background tasks, but not the blocking work that they wait for",
			Bugs:     []string{"DH3", "DH16"},
			Breaches: []string{promise.ProcessSurvives}, Also: afterPanic,
		},
		background: abortJoinEnd, panicsLate: true,
	},
	{
		Variant: targets.Variant{
			Name: "stop-join-blocking", Origin: "reference design", Verdict: "partial-fix",
			Summary:  "stops the background tasks and waits for their blocking work; late clients still panic",
			Bugs:     []string{"DH16"},
			Breaches: []string{promise.ProcessSurvives}, Also: afterPanic,
		},
		panicsLate: true,
	},
	{
		Variant: targets.Variant{
			Name: "append-returns-error", Origin: "reference design", Verdict: "correct",
			Summary: "closes first, but a closed log refuses a commit before it becomes visible",
		},
		background: closeAbort,
	},
	{
		Variant: targets.Variant{
			Name: "notify-before-unlock", Origin: "before SpacetimeDB #4051", Verdict: "buggy-original",
			Summary:  "reports the close before it has given up the lock",
			Bugs:     []string{"DH4"},
			Breaches: []string{promise.OneOwner},
		},
		unlocksLate: true,
	},
	{
		Variant: targets.Variant{
			Name: "timeout-abort", Origin: "SpacetimeDB #4019", Verdict: "partial-fix",
			Summary:  "a timeout aborts the actor: its lock goes, its writer writes on, its queue is lost",
			Bugs:     []string{"DH5"},
			Breaches: []string{promise.OneOwner, promise.NoLostMessage},
			Also:     []string{promise.InOrder, promise.DrainEnds, promise.ProcessSurvives, promise.RightError},
		},
		closing: timeoutAbort,
	},
	{
		Variant: targets.Variant{
			Name: "join-close", Origin: "SpacetimeDB #4808", Verdict: "partial-fix",
			Summary:  "the first closer takes the handle to wait on; the second returns at once",
			Bugs:     []string{"DH6"},
			Breaches: []string{promise.OneOwner},
		},
		closing: joinHandle,
	},
	{
		Variant: targets.Variant{
			Name: "enqueue-unlocked", Origin: "before SpacetimeDB #4677", Verdict: "buggy-original",
			Summary:  "commits under the lock and enqueues after it: a later commit may be first in the queue",
			Bugs:     []string{"DH7"},
			Breaches: []string{promise.ProcessSurvives}, Also: afterPanic,
		},
		enqueue: afterUnlock,
	},
	{
		Variant: targets.Variant{
			Name: "enqueue-locked", Origin: "SpacetimeDB #4661, #4767", Verdict: "partial-fix",
			Summary:  "enqueues with the lock held: in order, but readers wait with it when the queue is full",
			Bugs:     []string{"DH11"},
			Breaches: []string{promise.WriterProgress},
		},
		enqueue: underLock,
	},
	{
		Variant: targets.Variant{
			Name: "reorder-window", Origin: "SpacetimeDB #4677", Verdict: "partial-fix",
			Summary:  "puts records back in order, and at the end drops those that wait for a missing one",
			Bugs:     []string{"DH8"},
			Breaches: []string{promise.NoLostMessage},
		},
		enqueue: afterUnlock, reorders: true,
	},
	{
		Variant: targets.Variant{
			Name: "queue-unbounded", Origin: "before SpacetimeDB #4652", Verdict: "buggy-original",
			Summary:  "queues without a bound: whoever commits faster than the disk syncs fills the memory",
			Bugs:     []string{"DH12"},
			Breaches: []string{promise.BoundedQueue}, Also: []string{promise.DrainEnds},
		},
		unbounded: true,
	},
	{
		Variant: targets.Variant{
			Name: "queue-bounded-blocking", Origin: "SpacetimeDB #4652, #4767", Verdict: "partial-fix",
			Summary:  "blocks the thread that would make room, and panics when the close wakes who waits for it",
			Bugs:     []string{"DH9", "DH10"},
			Breaches: []string{promise.DrainEnds, promise.ProcessSurvives}, Also: afterPanic,
		},
		oneThread: true, panicsWoken: true,
	},
	{
		Variant: targets.Variant{
			Name: "queue-bounded-parking", Origin: "SpacetimeDB #4802", Verdict: "partial-fix",
			Summary:  "parks with the lock held, and panics when the close wakes who is parked",
			Bugs:     []string{"DH10", "DH11"},
			Breaches: []string{promise.ProcessSurvives, promise.WriterProgress}, Also: afterPanic,
		},
		enqueue: underLock, panicsWoken: true,
	},
	{
		Variant: targets.Variant{
			Name: "depth-late", Origin: "every version", Verdict: "buggy-original",
			Summary:  "counts a record after it was sent: who takes it off may be first",
			Bugs:     []string{"DH13"},
			Breaches: []string{promise.CountersReturnToZero},
		},
		countsLate: true,
	},
	{
		Variant: targets.Variant{
			Name: "remove-first", Origin: "every version", Verdict: "buggy-original",
			Summary:  "forgets the host before it is closed: a launch meanwhile finds the log owned",
			Bugs:     []string{"DH14"},
			Breaches: []string{promise.RightError},
		},
		forgets: true,
	},
	{
		Variant: targets.Variant{
			Name: "signal-gap", Origin: "every version", Verdict: "buggy-original",
			Summary:  "ends on the signal without closing its host: what is not durable yet is lost",
			Bugs:     []string{"DH15"},
			Breaches: []string{promise.NoLostMessage},
		},
		deaf: true,
	},
	{
		Variant: targets.Variant{
			Name: "reference", Origin: "reference design", Verdict: "reference",
			Summary: "stops what commits, refuses under the lock, drains; the last writer frees the lock, then closers return",
		},
	},
}
