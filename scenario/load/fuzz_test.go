package load

import (
	"testing"
	"time"

	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
)

// FuzzGroup holds that whatever group is taken, its clients start within the load and
// never before an earlier operation of theirs.
func FuzzGroup(f *testing.F) {
	for _, s := range []string{
		"{op: publish, clients: 8, shape: rate, rate: 2000/s, size: 256B}",
		"{op: a, shape: slow, delay: 1ms..5ms, as: b, stop: at-signal}",
		"{op: a, shape: burst, burst: 50, every: 100ms}",
		"{op: a, shape: ramp, from: 2000/s, to: .1/s, clients: 100000}",
		"{op: a, shape: ramp, from: .000000001/s, to: 1000000000/s}",
		"{client: websocket}",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		s, problems := scenario.Parse("f", []byte("name: x\ntarget: broker\nload:\n- "+line), time.Time{})
		if problems != nil {
			return
		}
		for _, entry := range s.Load {
			var errs spec.Errors
			g := Parse(entry, &errs)
			if len(errs) > 0 {
				continue
			}
			shape := g.Shape(g.Clients-1, time.Second, scenario.Seed(1).Stream("load"))
			last := time.Duration(0)
			for n := range 100 {
				start, ok := shape.Next(n, last, last)
				if !ok {
					break
				}
				if start < last || start >= time.Second {
					t.Fatalf("%s: operation %d starts at %v after %v", line, n, start, last)
				}
				last = start
			}
		}
	})
}
