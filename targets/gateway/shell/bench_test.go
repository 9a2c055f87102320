//go:build unix

package shell

import (
	"syscall"
	"testing"
	"time"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
)

// runTrial runs a scenario's one trial in a child process and returns it with the child's CPU time, its
// start and the judging included.
func runTrial(tb testing.TB, text string) (*result.Campaign, time.Duration) {
	tb.Helper()
	s, problems := scenario.Parse("bench.yaml", []byte(text), time.Now())
	if problems != nil {
		tb.Fatal(problems)
	}
	p, errs := trial.Compile(s, catalog)
	if len(errs) > 0 {
		tb.Fatal(&errs)
	}
	run, err := rundir.Create(tb.TempDir(), time.Now())
	if err != nil {
		tb.Fatal(err)
	}
	before := childTime(tb)
	folds, err := engine.RunCampaigns(tb.Context(), []trial.Program{p}, []scenario.Seed{7}, batch.Budget{Trials: 1},
		trial.Config{Catalog: catalog, Keep: trial.KeepNone}, run)
	if err != nil {
		tb.Fatal(err)
	}
	return folds[0], childTime(tb) - before
}

func childTime(tb testing.TB) time.Duration {
	tb.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &used); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// accepted is how many operations of a kind the trials of a result accepted: of subscribers, how many
// messages they handled.
func accepted(fold *result.Campaign, op string) (n int64) {
	for _, t := range fold.Throughput {
		if t.Op == op {
			n += t.Accepted
		}
	}
	return n
}

// BenchmarkMessage is the CPU time of one WebSocket message through the gateway with the ledger on: client
// and server together. A frame is a message to the actor and its acknowledgement back; a push is a message
// from the actor.
func BenchmarkMessage(b *testing.B) {
	const head = "name: message\ntarget: gateway\ntrials: 1\nduration: 2s\ndrain_limit: 2s\nknobs: {queue: 4096}\ninject: [{signal: SIGTERM, at: 90%}]\nload:\n"
	for _, c := range []struct{ name, op, load string }{
		{"frame/1", "frame", "  - {op: frame, clients: 1, shape: saturate, size: 256B}\n"},
		{"frame/64", "frame", "  - {op: frame, clients: 64, shape: saturate, size: 256B}\n"},
		{"push/16", "socket", "  - {op: socket, clients: 16}\n  - {op: push, clients: 1, shape: rate, rate: 2000/s, size: 256B}\n"},
	} {
		b.Run(c.name, func(b *testing.B) {
			var cpu time.Duration
			var messages int64
			for b.Loop() {
				fold, used := runTrial(b, head+c.load)
				if fold.Verdict != result.Passed && fold.Verdict != result.Untested {
					b.Fatalf("verdict %s", fold.Verdict)
				}
				cpu += used
				messages += accepted(fold, c.op)
			}
			b.ReportMetric(float64(cpu.Microseconds())/float64(messages), "cpu-µs/message")
			b.ReportMetric(float64(messages)/float64(b.N), "messages/trial")
		})
	}
}
