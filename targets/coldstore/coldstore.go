// Package coldstore is a cold-storage handle: many clients read, write and stream blocks of one backend
// that takes one writer alone, or many readers. Its shutdown comes in the designs of a pull request, its
// predecessors, the options of its review, its successor, and one that is correct.
//
// A client's call becomes a read, a write or a stream. Reads take one of 64 permits, a write takes all of
// them, a stream takes one of 8 slots for its producer, which sends rows into a bounded buffer. The
// designs differ only in recipe.go's table; docs/coldstore.md describes them and the catalogue of their
// bugs.
package coldstore

import (
	_ "embed"
	"fmt"
	"syscall"
	"time"

	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
	"github.com/racebench/racebench/targets/promise"
)

// Target returns the cold store. In the real world open opens its log on disk, in a folder that need not exist; nil
// keeps the blocks in memory there too, as a simulated world always does.
func Target(open func(t *world.Task, dir string, o LogOptions) (Log, error)) targets.Target {
	return targets.New(card, recipes, opener(open).start)
}

type opener func(t *world.Task, dir string, o LogOptions) (Log, error)

// LogOptions say how a log on disk is kept.
type LogOptions struct {
	Rows int // of a stream
	// Sync has a write wait until it is on the disk. Without it the system has it: it outlives the process
	// and not a power cut.
	Sync bool
}

// Operations.
const (
	opRead     = "read"
	opScan     = "scan"
	opWrite    = "write"
	opDispatch = "dispatch"
	opTruncate = "truncate"
	opStream   = "stream"
	opOpen     = "open"
	opFollow   = "follow"
)

// Topics: what followers must be told of, and what not.
const (
	topicBlocks      = 0
	topicTruncations = 1
	topicReads       = 2
)

// Windows.
const (
	windowAdmitted = "call.between-permit-and-spawn"
	windowFill     = "read.between-log-and-cache"
	windowQueued   = "write.before-drain"
	windowSignal   = "stop.after-signal"
	windowCancel   = "stop.between-cancel-and-close"
)

//go:embed example.yaml
var example []byte

var card = targets.Card{
	Name: "coldstore", Reference: referenceName,
	Summary: "a store behind read permits, a writer and streams, stopped under load",
	Example: example,
	Ops: []targets.OpInfo{
		{Name: opRead, Summary: "look a block up by its height", Done: true, Topic: topicReads},
		{Name: opScan, Summary: "read a range of blocks", Done: true, Topic: topicReads},
		{Name: opWrite, Summary: "append a block and wait until it is stored", Accepts: true, Done: true, Topic: topicBlocks},
		{Name: opDispatch, Summary: "append a block; OK may mean no more than that it is queued", Accepts: true, Topic: topicBlocks},
		{Name: opTruncate, Summary: "remove the newest blocks and wait until it is done", Accepts: true, Done: true, Topic: topicTruncations},
		{Name: opStream, Summary: "open a stream and read its rows to the end", Done: true, Topic: topicReads},
		{Name: opOpen, Summary: "open a stream and leave it open, unread", Done: true, Topic: topicReads},
		{
			Name: opFollow, Summary: "be told of every write that is stored: who notices what is lost",
			Subscribes: true, Topics: 1<<topicBlocks | 1<<topicTruncations,
		},
	},
	Knobs: knobs(),
	Windows: []targets.WindowInfo{
		{Name: windowAdmitted, Summary: "a call has its permits and its task has not started", Stage: targets.UnderLoad},
		{Name: windowFill, Summary: "a reader has a block from the log and not put it into the cache", Stage: targets.UnderLoad},
		{Name: windowCancel, Summary: "the store is cancelled, and its permits are still open", Stage: targets.InDrain},
		{Name: windowSignal, Summary: "stop has begun and done nothing yet", Stage: targets.InDrain},
		{Name: windowQueued, Summary: "the writer has taken a write and not begun to wait for readers", Stage: targets.UnderLoad},
	},
	Returns:     targets.Returns{AtDeadline: true, InDoubt: []string{stationBackend}},
	StopSignals: []syscall.Signal{syscall.SIGTERM, syscall.SIGINT},
	Promises: []string{
		promise.NoLostMessage, promise.NoGhost, promise.NoLateEffect, promise.NoDuplicate, promise.InOrder, promise.Linearizable, promise.EveryCallReturns, promise.WriterProgress, promise.Fair, promise.DrainEnds, promise.QuietAfterShutdown, promise.ExclusiveWrites,
		promise.OneOwner, promise.CountersReturnToZero, promise.RightError, promise.ProcessSurvives,
	},
	WarnsOnly: []string{promise.NoLateEffect}, // a write that timed out may have been stored
}

func knobs() []targets.Knob {
	const countMax = 1 << 24
	count := func(name, summary, by string, least int64) targets.Knob {
		return targets.Knob{Name: name, Summary: summary, Kind: targets.IntKnob, Default: by, Min: least, Max: countMax}
	}
	span := func(name, summary, by string) targets.Knob {
		return targets.Knob{Name: name, Summary: summary + "; divided by scale", Kind: targets.DurationKnob, Default: by, Max: int64(time.Hour)}
	}
	planted := func(k targets.Knob, suspends ...string) targets.Knob {
		k.Suspends = suspends
		return k
	}
	small := func(k targets.Knob, values ...string) targets.Knob {
		k.Small = values
		return k
	}
	faults := func(k targets.Knob, values ...string) targets.Knob {
		k.Faults = values
		return k
	}
	return []targets.Knob{
		{Name: "backend", Summary: "what becomes of the backend's work when its caller leaves: it stops, it goes on alone, or the caller cannot leave", Kind: targets.WordKnob, Default: "coop", Words: []string{"coop", "detached", "sync"}, Small: []string{"coop", "detached", "sync"}},
		span("backend-timeout", "the limit that backends of designs without loops set themselves; look-ups are exempt", "500ms"),
		small(count("buffer", "rows that a stream's buffer holds", "256", 1), "1", "2"),
		small(count("cache", "blocks that the cache holds; 0 is no cache", "2048", 0), "0", "4"),
		small(span("call-deadline", "when a client gives up its call; 0s is never", "0s"), "0s", "100ms"),
		{Name: "deadline", Summary: "when reference gives up its drain; 0s is half the drain limit", Kind: targets.DurationKnob, Default: "0s", Max: int64(time.Hour)},
		faults(count("hang-latest", "the latest-block call that hangs, by its number; 0 is none", "0", 0), "1", "2"),
		small(span("latest", "how long the backend takes to say its latest block", "0s"), "0s", "100ms"),
		small(span("pace", "how long a client takes over a row of its stream", "0s"), "0s", "1s"),
		planted(faults(count("panic", "the look-up that panics, by its number; 0 is none", "0", 0), "1", "2"), promise.ProcessSurvives),
		small(count("permits", "readers at once", "64", 1), "1", "2", "3"),
		small(span("read", "how long the backend takes for a look-up or a range", "0s"), "0s", "100ms", "1s"),
		small(span("read-deadline", "the deadline of reads, and of writes in reference", "5s"), "1s", "5s"),
		small(count("rows", "rows of a stream", "64", 0), "1", "3", "4"),
		count("scale", "how many times faster than in production time passes", "100", 1),
		small(count("slots", "streams at once", "8", 1), "1", "2"),
		small(span("slow", "how long the backend takes for a slow look-up", "0s"), "0s", "8s"),
		small(count("slow-every", "every so many look-ups one is slow; 0 is none", "0", 0), "0", "2"),
		{Name: "stop", Summary: "how the host stops designs without loops: cancel and wait, wait alone, or drop every handle", Kind: targets.WordKnob, Default: "cancel", Words: []string{"cancel", "wait", "drop"}, Small: []string{"cancel", "wait", "drop"}},
		small(span("stream-deadline", "the deadline of streams, and of the wait for a slot", "1m"), "10s", "1m"),
		faults(count("stuck", "the look-up that never returns, by its number; 0 is none", "0", 0), "1", "2"),
		faults(count("stuck-write", "the write that never returns, by its number; 0 is none", "0", 0), "1", "2", "3"),
		small(span("write", "how long the backend takes for a write", "0s"), "0s", "100ms", "3s"),
		{Name: "sync", Summary: "a write waits for the disk, and not for the system alone; real world only", Kind: targets.BoolKnob, Default: "false"},
		small(count("write-queue", "writes that the queue holds", "256", 1), "1", "2", "4"),
	}
}

// start opens the log and boots the store.
func (o opener) start(t *world.Task, h targets.Host, r recipe) (targets.Instance, error) {
	signals := h.World.Subscribe(syscall.SIGTERM, syscall.SIGINT)
	options := LogOptions{Rows: h.Knobs.Int("rows"), Sync: h.Knobs.Bool("sync")}
	if o == nil || h.World.Simulated() {
		log := newMemoryLog(h.World, options.Rows)
		return newServer(t, h, r, signals, log, log.reopen), nil
	}
	log, err := o(t, h.Dir, options)
	if err != nil {
		return nil, fmt.Errorf("start coldstore: %w", err)
	}
	return newServer(t, h, r, signals, log, func(t *world.Task) error {
		again, err := o(t, h.Dir, options)
		if err == nil {
			err = again.Close(t)
		}
		return err
	}), nil
}
