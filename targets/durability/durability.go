// Package durability is a database host that acknowledges commits and writes them to a log behind their
// back, and whose end comes in many designs: those that were found racy, the fixes that were proposed and
// the bugs that some of them brought, and one that is correct.
//
// A commit takes the datastore's lock and an offset, and its record goes through the queue of the durability
// worker to the local durability actor, which takes whatever is queued, has it written and synced on a
// blocking thread, and wakes those who wait for it. The designs differ only in recipe.go's table;
// docs/durability.md describes them and the catalogue of their bugs.
package durability

import (
	_ "embed"
	"fmt"
	"syscall"
	"time"

	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
	"github.com/racebench/racebench/targets/promise"
)

// Target returns the durability host. Without a disk, nil, it runs in simulated worlds only.
func Target(disk Disk) targets.Target {
	d := device{disk}
	target := targets.New(card, recipes, d.start)
	target.Auditor = d
	return target
}

// A device is what the host writes to. It is the host's Auditor.
type device struct{ disk Disk }

// Operations.
const (
	opCommit = "commit"
	opWrite  = "write"
	opRead   = "read"
	opLaunch = "launch"
)

// Topics: what is durable when it is accepted, what becomes so later, and what stores nothing.
const (
	topicDurable = iota
	topicUnconfirmed
	topicNone
)

// Windows.
const (
	windowEnqueue = "commit.between-unlock-and-enqueue"
	windowCount   = "commit.between-send-and-count"
	windowCleanup = "cleanup.before-commit"
	windowExit    = "exit.before-close"
	windowSynced  = "actor.between-sync-and-publish"
	windowUnlock  = "close.between-notify-and-unlock"
)

//go:embed example.yaml
var example []byte

var card = targets.Card{
	Name: "durability", Reference: "reference",
	Summary: "a database host with a commit log, stopped, killed or unplugged under load, and reopened",
	Example: example,
	Ops: []targets.OpInfo{
		{Name: opCommit, Summary: "commit, and wait until the record is on disk", Accepts: true, Done: true, Topic: topicDurable},
		{Name: opWrite, Summary: "commit, and go on before the record is on disk", Accepts: true, Topic: topicUnconfirmed, Unconfirmed: true},
		{Name: opRead, Summary: "read, under the lock that commits take", Done: true, Topic: topicNone},
		{Name: opLaunch, Summary: "get the host, or launch it where there is none", Done: true, Topic: topicNone},
	},
	Knobs: []targets.Knob{
		{Name: "batch", Summary: "records the actor writes and syncs at once, at the most", Kind: targets.IntKnob, Default: "4096", Min: 1, Max: 1 << 20, Small: []string{"1", "2", "4"}},
		{Name: "cleanup", Summary: "period of the view cleanup, which also runs at once; 0s is none", Kind: targets.DurationKnob, Default: "2ms", Max: int64(time.Hour), Small: []string{"0s", "1ms"}},
		{Name: "cleanup-run", Summary: "how long a run of it takes on its blocking thread, before its commit", Kind: targets.DurationKnob, Default: "500us", Max: int64(time.Hour), Small: []string{"0s", "100us"}},
		{Name: "closers", Summary: "who closes the log at once: the exit of the module, and the drop of the database", Kind: targets.IntKnob, Default: "2", Min: 1, Max: 2, Small: []string{"1", "2"}},
		{Name: "deadline", Summary: "when a drain with a deadline is given up; 0s is half the drain limit", Kind: targets.DurationKnob, Default: "0s", Max: int64(time.Hour)},
		{Name: "empty-commits", Summary: "a cleanup that changed nothing commits all the same", Kind: targets.BoolKnob, Default: "true", Small: []string{"true", "false"}},
		{Name: "metrics", Summary: "period of the metrics task, which reads the depth; 0s is none", Kind: targets.DurationKnob, Default: "1ms", Max: int64(time.Hour), Small: []string{"0s", "1ms"}},
		{Name: "policy", Summary: "what a panic of a task does: panic-exit ends the process, panic-contained the task", Kind: targets.WordKnob, Default: "panic-contained", Words: []string{"panic-contained", "panic-exit"}, Small: []string{"panic-contained", "panic-exit"}},
		{Name: "queue", Summary: "records each of the two queues holds", Kind: targets.IntKnob, Default: "4096", Min: 1, Max: 1 << 24, Small: []string{"1", "2", "4"}},
		{Name: "read-limit", Summary: "the time within which the host claims to answer a read", Kind: targets.DurationKnob, Default: "50ms", Min: 1, Max: int64(time.Hour)},
		{Name: "rounds", Summary: "runs of each background task, at the most; 0 is no bound", Kind: targets.IntKnob, Default: "0", Max: 1 << 30, Small: []string{"1", "2"}},
		{Name: "schedule", Summary: "period of the scheduled reducer, which commits; 0s is none", Kind: targets.DurationKnob, Default: "5ms", Max: int64(time.Hour), Small: []string{"0s", "1ms"}},
		{Name: "segment", Summary: "bytes after which the log begins a new segment", Kind: targets.IntKnob, Default: "4194304", Min: 64, Max: 1 << 30, Small: []string{"100", "4194304"}},
		{Name: "standby", Summary: "another host takes the log over as soon as a close of it has returned", Kind: targets.BoolKnob, Default: "true", Small: []string{"true", "false"}},
		{Name: "sync", Summary: "how much longer than the disk needs a sync takes", Kind: targets.DurationKnob, Default: "0s", Max: int64(time.Hour), Small: []string{"0s", "1ms"}},
		{Name: "window", Summary: "records that reorder-window holds back before it gives up", Kind: targets.IntKnob, Default: "1024", Min: 1, Max: 1 << 20, Small: []string{"1", "1024"}},
	},
	Windows: []targets.WindowInfo{
		{Name: windowSynced, Summary: "a batch is on disk, and nobody has been told", Stage: targets.UnderLoad},
		{Name: windowCleanup, Summary: "a cleanup's blocking run is done, and it has not committed", Stage: targets.UnderLoad},
		{Name: windowUnlock, Summary: "the close has been reported, and the lock is not free", Stage: targets.InDrain},
		{Name: windowCount, Summary: "a record was sent and is not counted", Stage: targets.UnderLoad},
		{Name: windowEnqueue, Summary: "a commit has its offset, and its record is not in the queue", Stage: targets.UnderLoad},
		{Name: windowExit, Summary: "the module has exited, and nothing is closed", Stage: targets.InDrain},
	},
	Returns:     targets.Returns{AtDeadline: true},
	StopSignals: []syscall.Signal{syscall.SIGTERM, syscall.SIGINT},
	Promises: []string{
		promise.NoLostMessage, promise.NoGhost, promise.NoDuplicate, promise.InOrder, promise.EveryCallReturns, promise.DrainEnds, promise.CountersReturnToZero, promise.OneOwner,
		promise.BoundedQueue, promise.WriterProgress, promise.RightError, promise.ProcessSurvives, promise.NoLeak,
	},
}

// start boots the host on its files.
func (d device) start(t *world.Task, h targets.Host, r recipe) (targets.Instance, error) {
	signals := h.World.Subscribe(syscall.SIGTERM, syscall.SIGINT)
	files, err := d.files(h)
	if err != nil {
		return nil, fmt.Errorf("start durability: %w", err)
	}
	return newServer(t, h, r, signals, files)
}
