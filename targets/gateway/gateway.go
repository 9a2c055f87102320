package gateway

import (
	_ "embed"
	"syscall"
	"time"

	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
	"github.com/racebench/racebench/targets/promise"
)

// Target returns the gateway. Net makes what lies outside it; nil is the connections in memory, which a
// simulated world always has.
func Target(net func(h targets.Host) (Net, error)) targets.Target {
	return targets.New(card, recipes, func(t *world.Task, h targets.Host, r recipe) (targets.Instance, error) {
		return newServer(t, h, r, net)
	})
}

// Operations.
const (
	opHTTP      = "http"
	opHTTPS     = "https"
	opHangUp    = "hang-up"
	opSession   = "session"
	opFrame     = "frame"
	opSocket    = "socket"
	opDeaf      = "deaf"
	opChat      = "chat"
	opPush      = "push"
	opActor     = "actor"
	opAnalytics = "analytics"
)

// Topics: what the analytics store, actors and sockets must receive.
const (
	topicRequest = 0
	topicFrame   = 1
	topicPush    = 2
)

// Windows.
const (
	windowSignal = "stop.after-signal"
	windowWait   = "group.between-check-and-wait"
	windowLeave  = "group.between-decrement-and-notify"
	windowEnter  = "group.between-spawn-and-increment"
	windowPop    = "relay.between-pop-and-lock"
	windowID     = "tunnel.between-check-and-insert"
)

//go:embed example.yaml
var example []byte

var card = targets.Card{
	Name: "gateway", Reference: "drain-reference",
	Summary: "a front door for actors: HTTP and WebSockets through a tunnel, drained and dispatched",
	Example: example,
	Ops: []targets.OpInfo{
		{Name: opHTTP, Summary: "one request over a kept connection", Accepts: true, Done: true, Topic: topicRequest},
		{Name: opHTTPS, Summary: "the same through the TLS door", Accepts: true, Done: true, Topic: topicRequest},
		{Name: opHangUp, Summary: "a request whose client hangs up after the time `hang-up`", Accepts: true, Done: true, Topic: topicRequest},
		{Name: opSession, Summary: "a whole WebSocket: connect, one frame and its acknowledgement, close", Accepts: true, Done: true, Topic: topicFrame},
		{Name: opFrame, Summary: "one frame and its acknowledgement, over a WebSocket that stays", Accepts: true, Done: true, Topic: topicFrame},
		{Name: opPush, Summary: "an actor's message to every WebSocket that listens", Accepts: true, Topic: topicPush},
		{Name: opSocket, Summary: "a WebSocket that listens, at its client's pace", Subscribes: true, Topics: 1 << topicPush},
		{Name: opDeaf, Summary: "a WebSocket that listens and whose client never reads", Subscribes: true, Hostile: true, Topics: 1 << topicPush},
		{
			Name: opChat, Summary: "a WebSocket that listens, and answers every message with `emit` frames",
			Subscribes: true, Topics: 1 << topicPush, Topic: topicFrame,
			Emits: func(k targets.Knobs) int { return k.Int("emit") },
		},
		{Name: opActor, Summary: "an actor that takes frames, at its pace", Subscribes: true, Topics: 1 << topicFrame},
		{Name: opAnalytics, Summary: "the store that every answered request is noted in", Subscribes: true, Topics: 1 << topicRequest},
	},
	Knobs: []targets.Knob{
		{Name: "buckets", Summary: "locks that the tunnel's map is divided into", Kind: targets.IntKnob, Default: "8", Min: 1, Max: 1 << 16, Small: []string{"1", "2"}},
		{Name: "deadline", Summary: "when the reference gives up its drain; 0s is half the drain limit", Kind: targets.DurationKnob, Default: "0s", Max: int64(time.Hour)},
		{Name: "emit", Summary: "frames that a client of op chat sends for each message it gets", Kind: targets.IntKnob, Default: "1", Max: 1 << 10, Small: []string{"0", "1", "2"}},
		{Name: "from", Summary: "the addresses of clients: each its own, or all one", Kind: targets.WordKnob, Default: "each", Words: []string{"each", "one"}, Small: []string{"each", "one"}},
		{Name: "gc", Summary: "how often the whole map is looked through; 0s is never", Kind: targets.DurationKnob, Default: "150ms", Max: int64(time.Hour), Small: []string{"0s", "1ms"}},
		{Name: "hang-up", Summary: "how long a client of op hang-up waits for its answer", Kind: targets.DurationKnob, Default: "1ms", Min: 1, Max: int64(time.Hour), Small: []string{"100us", "1ms"}},
		{Name: "ids", Summary: "ids that requests in the tunnel are drawn from", Kind: targets.IntKnob, Default: "4294967296", Min: 2, Max: 1 << 48, Small: []string{"2", "4"}},
		{Name: "insert", Summary: "how long it takes until an analytics store has what it is sent", Kind: targets.DurationKnob, Default: "0s", Max: int64(time.Hour), Small: []string{"0s", "1ms"}},
		{Name: "linger", Summary: "how long a closed socket waits for its client's part of the handshake", Kind: targets.DurationKnob, Default: "100ms", Min: 1, Max: int64(time.Hour), Small: []string{"1ms", "100ms"}},
		{Name: "panics", Summary: "every so many-th relay panics at its end; 0 is none", Kind: targets.IntKnob, Default: "0", Max: 1 << 24, Suspends: []string{promise.ProcessSurvives}, Faults: []string{"1", "2", "3"}},
		{Name: "ping", Summary: "how often a socket's tunnel is pinged; 0s is never", Kind: targets.DurationKnob, Default: "30ms", Max: int64(time.Hour), Small: []string{"0s", "100us", "1ms"}},
		{Name: "pings", Summary: "pings without a pong after which a tunnel is declared dead", Kind: targets.IntKnob, Default: "10", Min: 1, Max: 1 << 24, Small: []string{"1", "2"}},
		{Name: "queue", Summary: "messages a socket's queue holds", Kind: targets.IntKnob, Default: "128", Min: 1, Max: 1 << 24, Small: []string{"1", "2", "4"}},
		{Name: "rate", Summary: "requests that one address may make in a `rate-window`; 0 is no limit", Kind: targets.IntKnob, Default: "0", Max: 1 << 24, Small: []string{"0", "3"}},
		{Name: "rate-window", Summary: "the time that `rate` is counted in", Kind: targets.DurationKnob, Default: "60s", Min: 1, Max: int64(time.Hour)},
		{Name: "slots", Summary: "requests and sockets that one address may have under way", Kind: targets.IntKnob, Default: "20", Min: 1, Max: 1 << 24, Small: []string{"1", "2", "3"}},
		{Name: "subject", Summary: "messages that the tunnel's subject holds", Kind: targets.IntKnob, Default: "4096", Min: 1, Max: 1 << 24, Small: []string{"1", "2", "4"}},
		{Name: "timeout", Summary: "how long an actor's answer is waited for", Kind: targets.DurationKnob, Default: "30s", Min: 1, Max: int64(time.Hour), Small: []string{"1ms", "30s"}},
		{Name: "ttl", Summary: "how long a count of slots is kept", Kind: targets.DurationKnob, Default: "1h", Min: 1, Max: int64(time.Hour), Small: []string{"100us", "1h"}},
		{Name: "wire", Summary: "messages of 256 bytes that a connection holds each way before a client that does not read is felt", Kind: targets.IntKnob, Default: "16", Min: 1, Max: 1 << 24, Small: []string{"1", "2"}},
		{Name: "work", Summary: "how long an actor works on a request", Kind: targets.DurationKnob, Default: "0s", Max: int64(time.Hour), Small: []string{"0s", "1ms"}},
	},
	Windows: []targets.WindowInfo{
		{Name: windowSignal, Summary: "the gateway has taken a signal and done nothing yet", Stage: targets.InDrain},
		{Name: windowWait, Summary: "the drain has found tasks left and does not wait for their end yet", Stage: targets.InDrain},
		{Name: windowLeave, Summary: "a task's end is counted, and nobody was told", Stage: targets.UnderLoad},
		{Name: windowEnter, Summary: "a task was started and is not counted yet, where it counts itself", Stage: targets.UnderLoad},
		{Name: windowPop, Summary: "a relay has taken an acknowledgement out of its queue and not the lock of its entry yet", Stage: targets.UnderLoad},
		{Name: windowID, Summary: "an id was found free and not taken yet", Stage: targets.UnderLoad},
	},
	// Whoever is closed for being slow is told, before the deadline too, and so is whoever pushes to a socket that ended.
	Returns:     targets.Returns{AtDeadline: true, Early: []string{causeOverload, causeDeclared, causeNoSocket}, InDoubt: []string{stationWire}},
	StopSignals: []syscall.Signal{syscall.SIGTERM, syscall.SIGINT},
	Promises: []string{
		promise.NoLostMessage, promise.NoGhost, promise.NoDuplicate, promise.EveryCallReturns, promise.DrainEnds, promise.CountersReturnToZero, promise.Fair, promise.BoundedQueue,
		promise.RightError, promise.ProcessSurvives, promise.NoLeak, promise.CleanClose,
	},
}
