package broker

import (
	"github.com/racebench/racebench/targets"
	"github.com/racebench/racebench/targets/promise"
)

// A reach says whose messages the gate refuses once it is shut.
type reach uint8

const (
	nobody    reach = iota // there is no gate
	everyone               // producers and the handlers of actors alike
	outsiders              // producers only: what a handler sends is part of the work to finish
)

// A tail is how the broker empties Stage 1 when it is told to stop.
type tail uint8

const (
	readyOnly  tail = iota // what a poll finds ready, within the cooperative budget
	mergedEnd              // close every queue, then read the merge until it ends
	oneByOne               // close every queue, then read each one until it ends
	finishWork             // it is not told before no event is left anywhere
)

// A join is how stop learns that the broker has ended.
type join uint8

const (
	byLock   join = iota // it takes the lock that the broker holds while it runs
	byHandle             // it joins the broker's task
)

// An early says what a stop does that comes before the start.
type early uint8

const (
	tellNobody  early = iota // what it tells the actors they do not hear: they wait for the start
	dropStage1               // it lets the actors go, and what is in Stage 1 goes with the brokers that never ran
	startsFirst              // it starts what it has to stop
)

// A recipe is a design of the shutdown, as a choice on each of the axes on which the designs differ.
type recipe struct {
	targets.Variant

	refuses  reach
	wakes    bool // the gate wakes senders that wait for room
	tail     tail
	join     join
	early    early
	direct   bool // every task has orders of its own, in place of the shared broadcast
	twoLanes bool // events of handlers have a broker task of their own
	patient  bool // while draining, the broker waits for room under every policy
	finishes bool // an actor empties its mailbox before it leaves
	limited  bool // the drain has a deadline and gives back what it did not deliver
}

// recipes is the table of variants. Everything a variant does follows from its row.
var recipes = []recipe{
	{
		Variant: targets.Variant{
			Name: "timeout-drain", Origin: "maiko 203585e", Verdict: "buggy-original",
			Summary:  "polls what is ready, waits 10 ms for mailboxes, then drops the rest",
			Bugs:     []string{"BR1", "BR1b", "BR2", "BR3", "BR4", "BR6", "BR7", "BR8", "BR9"},
			Breaches: []string{promise.NoLostMessage, promise.DrainEnds},
			Also:     []string{promise.EveryCallReturns, promise.NoLeak, promise.ProcessSurvives, promise.CountersReturnToZero, promise.RightError},
		},
		refuses: nobody, tail: readyOnly, join: byLock,
	},
	{
		Variant: targets.Variant{
			Name: "gate-only", Origin: "maiko 560c847", Verdict: "partial-fix",
			Summary:  "refuses sends once the stop has begun, and drains as before",
			Bugs:     []string{"BR1b", "BR2", "BR3", "BR4", "BR5", "BR6", "BR7", "BR8", "BR9", "BR11"},
			Breaches: []string{promise.NoLostMessage, promise.DrainEnds},
			Also:     []string{promise.EveryCallReturns, promise.NoLeak, promise.ProcessSurvives, promise.RightError},
		},
		refuses: everyone, tail: readyOnly, join: byLock,
	},
	{
		Variant: targets.Variant{
			Name: "close-merged", Origin: "maiko 0fbe3f1", Verdict: "wrong-fix",
			Summary:  "closes the queues, but reads them through a merge that never hears of it",
			Bugs:     []string{"BR2", "BR4", "BR5", "BR6", "BR7", "BR10", "BR13"},
			Breaches: []string{promise.NoLostMessage, promise.DrainEnds},
			Also:     []string{promise.EveryCallReturns, promise.NoLeak, promise.ProcessSurvives, promise.RightError},
		},
		refuses: everyone, tail: mergedEnd, join: byHandle, early: dropStage1,
	},
	{
		Variant: targets.Variant{
			Name: "gate-close-drain", Origin: "maiko #110, 01f37e1", Verdict: "partial-fix",
			Summary:  "closes the queues and reads each to its end; actors still drop their mailbox",
			Bugs:     []string{"BR2", "BR4", "BR5", "BR6", "BR7", "BR12", "BR13"},
			Breaches: []string{promise.NoLostMessage, promise.DrainEnds},
			Also:     []string{promise.EveryCallReturns, promise.NoLeak, promise.ProcessSurvives, promise.RightError},
		},
		refuses: everyone, tail: oneByOne, join: byHandle, early: dropStage1,
	},
	{
		Variant: targets.Variant{
			Name: "close-drain-nogate", Origin: "reference design", Verdict: "partial-fix",
			Summary:  "closes and reads to the end without a gate: no loss in Stage 1 either",
			Bugs:     []string{"BR2", "BR4", "BR6", "BR7", "BR12"},
			Breaches: []string{promise.NoLostMessage, promise.DrainEnds},
			Also:     []string{promise.EveryCallReturns, promise.NoLeak, promise.ProcessSurvives, promise.RightError},
		},
		refuses: nobody, tail: oneByOne, join: byHandle, early: startsFirst,
	},
	{
		Variant: targets.Variant{
			Name: "gate-select", Origin: "reference design", Verdict: "partial-fix",
			Summary:  "as gate-close-drain, and the gate wakes senders that wait for room",
			Bugs:     []string{"BR2", "BR5", "BR6", "BR7", "BR12"},
			Breaches: []string{promise.NoLostMessage, promise.DrainEnds},
			Also:     []string{promise.EveryCallReturns, promise.NoLeak, promise.ProcessSurvives, promise.RightError},
		},
		refuses: everyone, wakes: true, tail: oneByOne, join: byHandle, early: startsFirst,
	},
	{
		Variant: targets.Variant{
			Name: "two-phase", Origin: "reference design", Verdict: "reference",
			Summary: "refuses producers, works off every event, then closes; gives back what a deadline leaves",
		},
		refuses: outsiders, wakes: true, tail: finishWork, join: byHandle, early: startsFirst,
		direct: true, twoLanes: true, patient: true, finishes: true, limited: true,
	},
}
