//go:build unix

package shell

import (
	"testing"
	"time"

	"github.com/racebench/racebench/engine/result"
)

// fiveThousand is a trial with 5,000 open WebSockets, of which 800 read at a set rate and 200 never.
const fiveThousand = `name: sockets
target: gateway
trials: 1
duration: 1s
drain_limit: 4s
knobs: {ping: 1s, gc: 1s}
load:
  - {op: socket, clients: 4000}
  - {op: socket, clients: 800, shape: slow, delay: 100ms..200ms, as: slow}
  - {op: deaf,   clients: 200}
  - {op: push,   clients: 1, shape: rate, rate: 8/s}
inject:
  - {signal: SIGTERM, at: 60%..80%}
`

// fiveThousandDescriptors is what both ends of so many connections take, and some to spare.
const fiveThousandDescriptors = 10_000 + spareDescriptors

// BenchmarkFiveThousandSockets is that trial: how long after the drain's end its verdict is there (the
// child's start included), the CPU time, and what the sockets got.
func BenchmarkFiveThousandSockets(b *testing.B) {
	if most := descriptors(); most > 0 && most < fiveThousandDescriptors {
		b.Skipf("this process may open %d files, and the trial needs %d", most, fiveThousandDescriptors)
	}
	var late, cpu time.Duration
	var delivered int64
	for b.Loop() {
		began := time.Now()
		fold, used := runTrial(b, fiveThousand)
		if fold.Verdict != result.Passed {
			b.Fatalf("verdict %s: %+v, %+v", fold.Verdict, fold.Breaches, fold.Judged)
		}
		t := fold.Judged[0]
		late += time.Since(began) - t.Struck - t.Drain
		cpu += used
		delivered += accepted(fold, "socket")
	}
	n := float64(b.N)
	b.ReportMetric(float64(late.Milliseconds())/n, "ms-to-verdict")
	b.ReportMetric(cpu.Seconds()/n, "cpu-s/trial")
	b.ReportMetric(float64(delivered)/n, "delivered/trial")
}
