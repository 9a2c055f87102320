//go:build unix

package engine_test

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

// pairScenario saturates the broker with one publisher and one subscriber; the signal comes after the
// load, so that the trial's CPU time is the load's.
const pairScenario = `name: pair
target: broker
trials: 1
duration: 1s
drain_limit: 2s
knobs: {policy: block}
load:
  - {op: publish, clients: 1, shape: saturate}
  - {op: subscribe, clients: 1}
inject:
  - {signal: SIGTERM, at: 95%}
`

const overheadScenario = `name: overhead
target: broker
trials: 1
duration: 5s
drain_limit: 2s
knobs: {policy: block}
load:
  - {op: publish, clients: 4, shape: saturate}
  - {op: subscribe, clients: 1}
inject:
  - {signal: SIGTERM, at: op 20000}
`

// runOnce runs a scenario's one trial and returns it, how long it took, and the CPU time of its child.
func runOnce(b *testing.B, text string) (fold *result.Campaign, took, cpu time.Duration) {
	b.Helper()
	run, err := rundir.Create(b.TempDir(), time.Now())
	if err != nil {
		b.Fatal(err)
	}
	p := compile(b, text)
	before := childTime(b)
	began := time.Now()
	folds, err := engine.RunCampaigns(b.Context(), []trial.Program{p}, []scenario.Seed{7}, batch.Budget{},
		trial.Config{Catalog: catalog, Keep: trial.KeepNone}, run)
	if err != nil {
		b.Fatal(err)
	}
	if folds[0].Verdict != result.Passed {
		b.Fatalf("verdict %s: %v %v", folds[0].Verdict, classes(folds[0]), voids(folds[0]))
	}
	return folds[0], time.Since(began), childTime(b) - before
}

func childTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkPair is the CPU time of one message from a publisher through the broker to a subscriber,
// with the ledger on: client, broker and subscriber together, the process's start included.
func BenchmarkPair(b *testing.B) {
	var cpu time.Duration
	var messages int64
	for b.Loop() {
		fold, _, used := runOnce(b, pairScenario)
		cpu += used
		for _, t := range fold.Throughput {
			if t.Op == "subscribe" {
				messages += t.Accepted
			}
		}
	}
	b.ReportMetric(float64(cpu.Nanoseconds())/float64(messages), "cpu-ns/message")
	b.ReportMetric(float64(messages)/float64(b.N), "messages/trial")
}

// BenchmarkTrialOverhead is what a trial of 20,000 operations costs beyond its own load and drain.
func BenchmarkTrialOverhead(b *testing.B) {
	var over time.Duration
	for b.Loop() {
		fold, took, _ := runOnce(b, overheadScenario)
		t := fold.Judged[0]
		over += took - t.Struck - t.Drain
	}
	b.ReportMetric(float64(over.Microseconds())/1000/float64(b.N), "overhead-ms/trial")
}
