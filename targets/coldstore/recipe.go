package coldstore

import (
	"github.com/racebench/racebench/targets"
	"github.com/racebench/racebench/targets/promise"
)

// A shape is who runs requests.
type shape uint8

const (
	oneLoop  shape = iota // one task takes writes and reads, and runs writes itself
	twoLoops              // a dispatcher for reads, a writer for writes; permits are taken in the handle
	noLoop                // every call takes its permits and runs a tracked task of its own
	gated                 // every call is counted at a gate, and its work owns what it took
)

// A barrier is how a writer gets the backend to itself.
type barrier uint8

const (
	byTracker barrier = iota // it waits until no reader is left
	byPermits                // it takes every read permit
	noBarrier                // it does not
)

// A setup is what bounds the setup of a stream.
type setup uint8

const (
	unbounded     setup = iota // it has a permit of a reader and no limit but the wait for a slot
	wholeBounded               // the read deadline is around all of it
	latestBounded              // the read deadline is around "latest block" alone
	noPermit                   // no limit, and no permit either
	inTheCaller                // "latest block" is asked by the caller, before anything is asked of the store
	fromMemory                 // bounded, without a permit, and "latest block" is known
)

// A recipe is a design of the store, as a choice on each of the axes on which the designs differ.
type recipe struct {
	targets.Variant

	shape   shape
	barrier barrier
	setup   setup
	bounded bool // reads have a deadline
	closes  bool // the permits are closed when the loops end
	pinned  bool // the task that waits for the cancel keeps the backend open
	drifts  bool // a panic in a call leaves its gauge raised
}

// recipes is the table of variants. Everything a variant does follows from its row.
var recipes = []recipe{
	{
		Variant: targets.Variant{
			Name: "tracker-wait", Origin: "signet-cold main, bd6e69a", Verdict: "buggy-original",
			Summary:  "one loop; counts its readers with a tracker, and waits on it while nobody has closed it",
			Bugs:     []string{"CS1", "CS2", "CS3", "CS4", "CS5", "CS6", "CS7", "CS10"},
			Breaches: []string{promise.NoLostMessage, promise.DrainEnds, promise.WriterProgress, promise.Fair},
			Also:     []string{promise.EveryCallReturns, promise.NoLateEffect},
		},
		shape: oneLoop, barrier: byTracker, setup: unbounded,
	},
	{
		Variant: targets.Variant{
			Name: "semaphore", Origin: "signet-cold #56, 5d5f44c", Verdict: "partial-fix",
			Summary:  "one loop; a semaphore in the tracker's place",
			Bugs:     []string{"CS2", "CS3", "CS4", "CS5", "CS6", "CS7", "CS10"},
			Breaches: []string{promise.NoLostMessage, promise.DrainEnds, promise.WriterProgress, promise.Fair},
			Also:     []string{promise.EveryCallReturns, promise.NoLateEffect},
		},
		shape: oneLoop, barrier: byPermits, setup: unbounded,
	},
	{
		Variant: targets.Variant{
			Name: "permit-split", Origin: "signet-cold #57, 2170812", Verdict: "partial-fix",
			Summary:  "permits travel with requests; dispatcher and writer; reads have a deadline, streams have not",
			Bugs:     []string{"CS3", "CS4", "CS5", "CS6", "CS7", "CS8", "CS9", "CS10", "CS11", "CS12"},
			Breaches: []string{promise.NoLostMessage, promise.DrainEnds, promise.WriterProgress, promise.ExclusiveWrites, promise.Linearizable, promise.EveryCallReturns, promise.Fair},
			Also:     []string{promise.QuietAfterShutdown, promise.NoLateEffect},
		},
		shape: twoLoops, barrier: byPermits, setup: unbounded, bounded: true,
	},
	{
		Variant: targets.Variant{
			Name: "stream-setup-timeout", Origin: "signet-cold #57, option 1", Verdict: "partial-fix",
			Summary:  "as permit-split, with the read deadline around the setup of a stream",
			Bugs:     []string{"CS3", "CS6", "CS7", "CS8", "CS9", "CS10", "CS11", "CS12"},
			Breaches: []string{promise.NoLostMessage, promise.DrainEnds, promise.ExclusiveWrites, promise.Linearizable, promise.EveryCallReturns, promise.Fair},
			Also:     []string{promise.QuietAfterShutdown, promise.WriterProgress, promise.NoLateEffect},
		},
		shape: twoLoops, barrier: byPermits, setup: wholeBounded, bounded: true,
	},
	{
		Variant: targets.Variant{
			Name: "stream-latest-timeout", Origin: "signet-cold #57, option 2", Verdict: "partial-fix",
			Summary:  "as permit-split, with the read deadline around the latest block alone",
			Bugs:     []string{"CS3", "CS4", "CS6", "CS7", "CS8", "CS9", "CS10", "CS11", "CS12"},
			Breaches: []string{promise.NoLostMessage, promise.DrainEnds, promise.WriterProgress, promise.ExclusiveWrites, promise.Linearizable, promise.EveryCallReturns, promise.Fair},
			Also:     []string{promise.QuietAfterShutdown, promise.NoLateEffect},
		},
		shape: twoLoops, barrier: byPermits, setup: latestBounded, bounded: true,
	},
	{
		Variant: targets.Variant{
			Name: "stream-no-permit", Origin: "signet-cold #57, option 3", Verdict: "partial-fix",
			Summary:  "as permit-split, but streams take no read permit",
			Bugs:     []string{"CS6", "CS7", "CS8", "CS9", "CS10", "CS11", "CS12"},
			Breaches: []string{promise.NoLostMessage, promise.DrainEnds, promise.ExclusiveWrites, promise.Linearizable, promise.EveryCallReturns},
			Also:     []string{promise.QuietAfterShutdown, promise.WriterProgress, promise.NoLateEffect, promise.Fair},
		},
		shape: twoLoops, barrier: byPermits, setup: noPermit, bounded: true,
	},
	{
		Variant: targets.Variant{
			Name: "close-sem", Origin: "signet-cold #57, review", Verdict: "partial-fix",
			Summary:  "as permit-split, and the permits are closed when the loops end",
			Bugs:     []string{"CS3", "CS4", "CS5", "CS6", "CS7", "CS8", "CS9", "CS10", "CS11"},
			Breaches: []string{promise.NoLostMessage, promise.DrainEnds, promise.WriterProgress, promise.ExclusiveWrites, promise.Linearizable, promise.Fair},
			Also:     []string{promise.QuietAfterShutdown, promise.NoLateEffect},
		},
		shape: twoLoops, barrier: byPermits, setup: unbounded, bounded: true, closes: true,
	},
	{
		Variant: targets.Variant{
			Name: "unified-nobarrier", Origin: "signet-cold #58, 31e1c13", Verdict: "buggy-original",
			Summary:  "no loops; a write does not wait for readers",
			Bugs:     []string{"CS10", "CS13", "CS14", "CS15", "CS16", "CS17", "CS18", "CS20"},
			Breaches: []string{promise.QuietAfterShutdown, promise.ExclusiveWrites, promise.Linearizable, promise.DrainEnds, promise.NoLateEffect},
			Also:     []string{promise.WriterProgress, promise.EveryCallReturns, promise.CountersReturnToZero, promise.Fair},
		},
		shape: noLoop, barrier: noBarrier, setup: inTheCaller,
	},
	{
		Variant: targets.Variant{
			Name: "unified-pinned", Origin: "signet-cold #58, 9426d88", Verdict: "partial-fix",
			Summary:  "as unified, but the coordinator keeps the backend open until somebody cancels",
			Bugs:     []string{"CS10", "CS13", "CS14", "CS15", "CS16", "CS17", "CS18", "CS19", "CS22"},
			Breaches: []string{promise.QuietAfterShutdown, promise.ExclusiveWrites, promise.WriterProgress, promise.DrainEnds, promise.OneOwner, promise.NoLateEffect, promise.Fair},
			Also:     []string{promise.EveryCallReturns, promise.CountersReturnToZero},
		},
		shape: noLoop, barrier: byPermits, setup: inTheCaller, pinned: true,
	},
	{
		Variant: targets.Variant{
			Name: "unified-drift", Origin: "signet-cold #58, 978e2af", Verdict: "partial-fix",
			Summary:  "as unified, but a panic in a call leaves its gauge raised",
			Bugs:     []string{"CS10", "CS13", "CS14", "CS15", "CS16", "CS17", "CS18", "CS19", "CS21"},
			Breaches: []string{promise.QuietAfterShutdown, promise.ExclusiveWrites, promise.WriterProgress, promise.DrainEnds, promise.CountersReturnToZero, promise.NoLateEffect, promise.Fair},
			Also:     []string{promise.EveryCallReturns},
		},
		shape: noLoop, barrier: byPermits, setup: inTheCaller, drifts: true,
	},
	{
		Variant: targets.Variant{
			Name: "unified", Origin: "signet-cold #58, 7c9d50a", Verdict: "partial-fix",
			Summary:  "no loops; calls take permits and run tracked tasks, a coordinator closes the permits",
			Bugs:     []string{"CS10", "CS13", "CS14", "CS15", "CS16", "CS17", "CS18", "CS19"},
			Breaches: []string{promise.QuietAfterShutdown, promise.ExclusiveWrites, promise.WriterProgress, promise.DrainEnds, promise.NoLateEffect, promise.Fair},
			Also:     []string{promise.EveryCallReturns, promise.CountersReturnToZero},
		},
		shape: noLoop, barrier: byPermits, setup: inTheCaller,
	},
	{
		Variant: targets.Variant{
			Name: referenceName, Origin: "reference design", Verdict: "reference",
			Summary: "a gate that shuts at once, permits owned by the work, every wait bounded, leftovers given back",
		},
		shape: gated, barrier: byPermits, setup: fromMemory, bounded: true, closes: true,
	},
}

const referenceName = "reference"
