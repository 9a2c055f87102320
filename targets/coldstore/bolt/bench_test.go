//go:build unix

package bolt

import (
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets"
	"github.com/racebench/racebench/targets/coldstore"
)

// books is a probe that writes what a trial's probe writes about a store.
type books struct {
	targets.Probe // nil: nobody stops the store here
	w             *world.World
	out           *ledger.Writer
	n             atomic.Uint64
}

func (*books) Gauge(string, int64, int64, bool)                   {}
func (*books) Owner(string, string, ledger.Owning, time.Duration) {}
func (*books) Claim(string, string, time.Duration)                {}
func (*books) Waited(ledger.MsgID, time.Duration)                 {}
func (b *books) Value(v ledger.Value)                             { b.out.Add(&v) }
func (b *books) AccessBegan(a ledger.Access) uint64 {
	a.Number, a.At = b.n.Add(1), b.w.Now()
	b.out.Add(&a)
	return a.Number
}
func (b *books) AccessEnded(n uint64) {
	b.out.Add(&ledger.Access{Number: n, Ended: true, At: b.w.Now()})
}

// BenchmarkRead is one look-up through the handle that goes to the file, by 64 clients at 64 permits, with
// the ledger on. tracker-wait is left out: that many clients may wedge it. cpu-ns/op is what the process used, on all cores.
func BenchmarkRead(b *testing.B) {
	for _, variant := range []string{"semaphore", "permit-split", "unified", "reference"} {
		b.Run(variant, func(b *testing.B) { readAll(b, variant) })
	}
}

const readers = 64

func readAll(b *testing.B, variant string) {
	w := world.NewReal(world.Options{})
	defer w.Close()
	out, err := ledger.Create(filepath.Join(b.TempDir(), "ledger"), 8<<30)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	var errs spec.Errors
	target := coldstore.Target(Open)
	knobs := targets.ParseKnobs(target.Knobs, []spec.Field{
		{Key: spec.Text("cache"), Value: spec.Text("0")}, {Key: spec.Text("read-deadline"), Value: spec.Text("1h")},
	}, &errs)
	var instance targets.Instance
	on := func(name string, body func(t *world.Task)) chan struct{} {
		done := make(chan struct{})
		w.Go(world.Target, name, func(t *world.Task) {
			defer close(done)
			body(t)
		})
		return done
	}
	<-on("main", func(t *world.Task) {
		host := targets.Host{World: w, Knobs: knobs, Probe: &books{w: w, out: out}, Dir: filepath.Join(b.TempDir(), "data")}
		if instance, err = target.Start(t, host, variant); err != nil {
			return
		}
		var c targets.Client
		if c, err = instance.Dial(t, targets.Role{Op: "write", Lane: readers, Name: "w"}); err == nil {
			c.Do(t, targets.Message{ID: ledger.NewMsgID(readers, 1)})
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	lanes := make([]*ledger.Lane, readers)
	for i := range lanes {
		lanes[i] = out.Lane(ledger.LaneInfo{Name: "read", Group: "read", Op: "read"})
	}
	b.ReportAllocs()
	b.ResetTimer()
	before := cpu()
	var left atomic.Int64
	left.Store(int64(b.N))
	var all []chan struct{}
	for i, lane := range lanes {
		all = append(all, on("read", func(t *world.Task) {
			c, err := instance.Dial(t, targets.Role{Op: "read", Lane: i, Name: "read"})
			if err != nil {
				return
			}
			for seq := int64(1); left.Add(-1) >= 0; seq++ {
				m := targets.Message{ID: ledger.NewMsgID(i, seq)}
				ref := lane.Begin(m.ID, 2, 0, t.Now(), t.Now())
				reply := c.Do(t, m)
				lane.End(ref, t.Now(), reply.Outcome, reply.Cause)
			}
		}))
	}
	for _, done := range all {
		<-done
	}
	b.StopTimer()
	b.ReportMetric(float64(cpu()-before)/float64(b.N), "cpu-ns/op")
}

// cpu is how much processor time the process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
