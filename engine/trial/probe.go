package trial

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/targets"
)

// A probe writes what the target says of itself into the ledger.
type probe struct{ s *serving }

// Draining implements targets.Probe.
func (p *probe) Draining(t *world.Task) {
	p.s.out.Add(&ledger.Drain{Began: t.Now(), Idle: p.s.w.Waited()})
	p.s.draining.Cancel(t)
}

// Drained implements targets.Probe.
func (p *probe) Drained(_ *world.Task, how ledger.DrainEnd, left int64) {
	p.s.left.Store(left)
	p.s.how.Store(int64(how))
}

// Discard implements targets.Probe.
func (p *probe) Discard(d targets.Discard) {
	out := p.s.out
	if p.s.w.Over() {
		return // a crash stopped the world: what is deferred in its tasks never happens
	}
	rec := ledger.Discard{
		Msg: d.Msg, Lane: d.Lane, Station: out.Name(d.Station), Cause: out.Name(d.Cause), Where: out.Name(d.Where),
		Policy: d.Policy, Draining: d.Draining, Returned: d.Returned, At: p.s.w.Now(),
	}
	out.Add(&rec)
}

// Unsubscribed implements targets.Probe. It may come before the client knows that it is connected: its subscription has
// then begun and ended, and does not begin afterwards.
func (p *probe) Unsubscribed(lane int, draining bool) {
	now := max(p.s.w.Now(), 1) // 0 is no end
	for _, c := range p.s.clients {
		if c.lane.Index() == lane {
			c.subscribed(now)
		}
	}
	p.s.out.Add(&ledger.Subscription{Lane: lane, Until: now, Policy: true, Draining: draining})
}

// closedWithout is the code that stands for none: the connection ended without a close frame.
const closedWithout = 1006

// Closed implements targets.Probe.
func (p *probe) Closed(t *world.Task, lane, code int) {
	w := ledger.Wire{Lane: lane, Ended: t.Now(), Code: code, End: extern.WireClosed}
	if code == closedWithout {
		w.End = extern.WireEOF
	}
	p.s.out.Add(&w)
}

// Gauge implements targets.Probe.
func (p *probe) Gauge(name string, value, bound int64, final bool) {
	p.s.out.Add(&ledger.Gauge{Name: p.s.out.Name(name), Value: value, Bound: bound, Final: final, At: p.s.w.Now()})
}

// Owner implements targets.Probe.
func (p *probe) Owner(log, who string, what ledger.Owning, at time.Duration) {
	if p.s.w.Over() {
		return
	}
	p.s.out.Add(&ledger.Owner{Log: p.s.out.Name(log), Who: p.s.out.Name(who), What: what, At: at})
}

// Mark implements targets.Probe.
func (p *probe) Mark(who, text string, count int64) {
	out := p.s.out
	out.Add(&ledger.Mark{Who: out.Name(who), Text: out.Name(text), Count: count, At: p.s.w.Now()})
}

func (s *serving) onSubscribed() {
	s.subscribedAt = s.w.Now()
	s.subscribed.Expire()
}

func (s *serving) onSignal(sig syscall.Signal) {
	s.out.Add(&ledger.Signal{Number: int(sig), Taken: true, At: s.w.Now()})
}

// onPanic records a panic of the target. One on a task of ours is our own failure, never the target's,
// and ends the process as any Go program's would.
func (s *serving) onPanic(p world.Panic) {
	if p.Realm == world.Harness && s.w.Simulated() {
		s.broken = fmt.Errorf("racebench: %w\n%s", &p, p.Stack)
		return
	}
	if p.Realm == world.Harness {
		fmt.Fprintf(os.Stderr, "racebench: %s\n%s\n", p.Error(), p.Stack)
		complain(s.dir, &p)
		os.Exit(exitBroken)
	}
	out := s.out
	out.Add(&ledger.Panic{
		Task: out.Name(p.Task), Value: out.Name(p.Value), Stack: out.Name(p.Stack), Target: true, At: s.w.Now(),
	})
}

// exit ends the server's process because the server's code wants it to, in the middle of whatever happens.
func (s *serving) exit(t *world.Task, status int, why string) {
	s.out.Add(&ledger.Panic{Task: s.out.Name(t.Name()), Value: s.out.Name(why), Target: true, At: s.w.Now()})
	if !s.w.Simulated() {
		os.Exit(status)
	}
	s.status = status
	t.Halt()
}

// recordTasks writes down who is alive and what each waits for: the server's tasks, and the clients that
// are stuck in a call.
func (s *serving) recordTasks(afterDrain bool) {
	for _, task := range s.w.Tasks() {
		parked := task.Parked && !task.Timed
		if task.Realm == world.Harness && (!parked || task.Name != WaiterTask && !s.isClient(task.Name)) {
			continue
		}
		wait := ""
		if task.Parked {
			wait = task.Kind.String()
		}
		s.out.Add(&ledger.Task{
			Name: s.out.Name(task.Name), Wait: s.out.Name(wait), Object: s.out.Name(task.Object), Holder: s.out.Name(task.Holder),
			Target: task.Realm == world.Target, Parked: parked,
			Since: task.Since, AfterDrain: afterDrain,
		})
	}
}

func (s *serving) isClient(name string) bool {
	for _, c := range s.clients {
		if c.name == name {
			return true
		}
	}
	return false
}

// dumpGoroutines keeps the stacks of a hung drain beside the ledger, for the reader who wants lines.
func (s *serving) dumpGoroutines() {
	for size := 1 << 20; ; size *= 2 {
		buf := make([]byte, size)
		if n := runtime.Stack(buf, true); n < size || size >= 1<<26 {
			// The tasks in the ledger are the evidence; a dump that cannot be written costs no verdict.
			_ = rundir.WriteFile(s.dir.Goroutines(), buf[:n])
			return
		}
	}
}
