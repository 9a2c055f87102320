// Package broker is an in-memory event broker whose shutdown comes in seven designs: the one that was
// found racy, the fixes that were proposed for it, and one that is correct.
//
// A producer sends into its own bounded Stage-1 queue. One broker task merges those queues and passes
// every event on to the bounded mailboxes of the actors that subscribe to its topic. Actors handle what
// is in their mailbox; a handler may send events of its own. The designs differ only in recipe.go's
// table; docs/broker.md describes them and the catalogue of their bugs.
package broker

import (
	_ "embed"
	"syscall"
	"time"

	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
	"github.com/racebench/racebench/targets/promise"
)

// Target returns the broker.
func Target() targets.Target {
	return targets.New(card, recipes, func(t *world.Task, h targets.Host, r recipe) (targets.Instance, error) {
		return newServer(t, h, r), nil
	})
}

// Operations.
const (
	opPublish   = "publish"
	opRelay     = "relay"
	opSubscribe = "subscribe"
)

// Topics: what producers send, and what the handlers of relays send.
const (
	topicPublished = 0
	topicRelayed   = 1
	topics         = 2
)

// Windows.
const (
	windowSend       = "stage1.between-check-and-send"
	windowSignal     = "stop.after-signal"
	windowStopBroker = "stop.before-stop-broker"
	windowLastPoll   = "broker.before-last-poll"
	windowActor      = "actor.between-mailbox-and-command"
	windowLock       = "start.before-broker-lock"
)

//go:embed example.yaml
var example []byte

var card = targets.Card{
	Name: "broker", Reference: "two-phase",
	Summary: "an event broker with two stages of bounded queues, stopped under load",
	Example: example,
	Ops: []targets.OpInfo{
		{
			Name: opPublish, Summary: "send events of topic 0 into a Stage-1 queue of one's own",
			Accepts: true, Topic: topicPublished,
		},
		{
			Name: opRelay, Summary: "handle topic 0 and send `emit` events of topic 1 for each",
			Accepts: true, Subscribes: true, Topics: 1 << topicPublished, Topic: topicRelayed,
			Emits: func(k targets.Knobs) int { return k.Int("emit") },
		},
		{
			Name: opSubscribe, Summary: "handle topics 0 and 1",
			Subscribes: true, Topics: 1<<topicPublished | 1<<topicRelayed,
		},
	},
	Knobs: []targets.Knob{
		{Name: "batch", Summary: "events an actor handles before it looks at its orders", Kind: targets.IntKnob, Default: "10", Min: 1, Max: 1 << 20, Small: []string{"1", "2", "3"}},
		{Name: "boot", Summary: "how long the start takes, while clients already send", Kind: targets.DurationKnob, Default: "0s", Max: int64(time.Hour), Small: []string{"0s", "1ms"}},
		{Name: "brokers", Summary: "brokers that clients are dealt to in turn, by the number of their lane", Kind: targets.IntKnob, Default: "1", Min: 1, Max: 8, Small: []string{"1", "2"}},
		{Name: "budget", Summary: "events the broker reads without waiting before a poll finds nothing; 0 is no budget", Kind: targets.IntKnob, Default: "128", Max: 1 << 20, Small: []string{"0", "1", "128"}},
		{Name: "commands", Summary: "orders that the shared broadcast keeps", Kind: targets.IntKnob, Default: "32", Min: 1, Max: 1 << 20, Small: []string{"1", "2", "32"}},
		{Name: "deadline", Summary: "when two-phase gives up its drain; 0s is half the drain limit", Kind: targets.DurationKnob, Default: "0s", Max: int64(time.Hour)},
		{Name: "emit", Summary: "events a relay sends for each one it handles", Kind: targets.IntKnob, Default: "1", Max: 1 << 10, Small: []string{"0", "1", "2"}},
		{Name: "gate", Summary: "what the gate is made of; it makes no difference", Kind: targets.WordKnob, Default: "token", Words: []string{"token", "atomic"}, Small: []string{"token", "atomic"}},
		{Name: "grace", Summary: "how long the old drain polls for mailboxes to look empty", Kind: targets.DurationKnob, Default: "10ms", Max: int64(time.Hour), Small: []string{"1ms", "10ms"}},
		{Name: "handler", Summary: "how long an actor works on an event", Kind: targets.DurationKnob, Default: "0s", Max: int64(time.Hour), Small: []string{"0s", "1ms"}},
		{Name: "mailbox", Summary: "events a mailbox holds", Kind: targets.IntKnob, Default: "128", Min: 1, Max: 1 << 24, Small: []string{"1", "2", "3"}},
		{Name: "policy", Summary: "what the broker does when a mailbox is full: stop its actor, drop the event, or wait", Kind: targets.WordKnob, Default: "fail", Words: policyWords, Small: []string{"fail", "drop", "block"}},
		{Name: "stage1", Summary: "events a Stage-1 queue holds", Kind: targets.IntKnob, Default: "256", Min: 1, Max: 1 << 24, Small: []string{"1", "2", "3"}},
	},
	Windows: []targets.WindowInfo{
		{Name: windowActor, Summary: "an actor has handled a batch and not looked at its orders yet", Stage: targets.UnderLoad},
		{Name: windowLastPoll, Summary: "the broker was told to stop and has not read what is left", Stage: targets.InDrain},
		{Name: windowSend, Summary: "a sender has passed the gate, has a permit, and has not sent yet", Stage: targets.UnderLoad},
		{Name: windowLock, Summary: "the broker's task runs and has not taken its lock", Stage: targets.AtStart},
		{Name: windowSignal, Summary: "stop has begun and done nothing yet", Stage: targets.InDrain},
		{Name: windowStopBroker, Summary: "the gate, if there is one, is shut; the broker was not told yet", Stage: targets.InDrain},
	},
	Returns:     targets.Returns{AtDeadline: true},
	StopSignals: []syscall.Signal{syscall.SIGTERM, syscall.SIGINT},
	Promises: []string{
		promise.NoLostMessage, promise.NoGhost, promise.NoDuplicate, promise.InOrder, promise.EveryCallReturns, promise.DrainEnds,
		promise.CountersReturnToZero, promise.BoundedQueue, promise.RightError, promise.ProcessSurvives, promise.NoLeak,
	},
}
