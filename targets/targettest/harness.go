// Package targettest holds what every target must pass, and the small harness it is checked with: a
// real world, clients that keep their own books, and a stop by a real signal, all in one process.
//
// It is an independent oracle: it neither writes a ledger nor asks the invariants. A target whose reference passes here
// and is breached in a trial, or the other way about, shows a mistake in the engine, the ledger or the judges. That is
// why its probe, its clients and its count of losses are its own, though the engine has such things, too.
package targettest

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets"
)

// patience is how long a test waits for something that must happen. It decides no verdict: a server
// that has not ended by then and still moves fails the test.
const patience = 30 * time.Second

const pollEvery = 200 * time.Microsecond

// Options say how a target is started. The zero value works.
type Options struct {
	Knobs      map[string]string
	DrainLimit time.Duration
	// Arm is called with the world before the target starts.
	Arm func(w *world.World)
}

// A Harness is one started target and its clients.
type Harness struct {
	World    *world.World
	Target   targets.Target
	Instance targets.Instance

	tb      testing.TB
	knobs   targets.Knobs
	dir     string // the server's folder
	over    *world.Token
	err     error       // what Wait returned; read it once the server has ended
	ended   atomic.Bool // Wait has returned
	clients []*Client
	probe   probe

	outside []world.TaskState // who was outside the World when AtRest looked last
	looks   int               // how often it has found the same
}

// Start starts a variant of the target in a world of its own. Only one harness may run at a time: a
// signal reaches the whole process.
func Start(tb testing.TB, target targets.Target, variant string, o Options) *Harness {
	tb.Helper()
	h := &Harness{Target: target, tb: tb, knobs: parseKnobs(tb, target, o.Knobs)}
	h.World = world.NewReal(world.Options{OnPanic: h.probe.panicked})
	tb.Cleanup(h.World.Close)
	h.over = h.World.NewToken("the end of the load")
	if o.Arm != nil {
		o.Arm(h.World)
	}
	h.dir = filepath.Join(tb.TempDir(), "data")
	var failed error
	h.on(world.Target, "main", func(t *world.Task) {
		host := targets.Host{World: h.World, Knobs: h.knobs, Probe: &h.probe, DrainLimit: o.DrainLimit, Dir: h.dir,
			Exit: func(t *world.Task, status int, why string) {
				panic(fmt.Sprintf("exit with status %d: %s", status, why))
			}}
		h.Instance, failed = target.Start(t, host, variant)
	})
	if failed != nil {
		tb.Fatalf("start %s/%s: %v", target.Name, variant, failed)
	}
	h.World.Go(world.Harness, "waiter", func(t *world.Task) {
		h.err = h.Instance.Wait(t)
		h.ended.Store(true)
	})
	return h
}

func parseKnobs(tb testing.TB, target targets.Target, given map[string]string) targets.Knobs {
	tb.Helper()
	var fields []spec.Field
	for name, text := range given {
		fields = append(fields, spec.Field{Key: spec.Text(name), Value: spec.Text(text)})
	}
	sort.Slice(fields, func(i, j int) bool { return fields[i].Key.Text < fields[j].Key.Text })
	var errs spec.Errors
	knobs := targets.ParseKnobs(target.Knobs, fields, &errs)
	if len(errs) > 0 {
		tb.Fatalf("knobs of %s: %v", target.Name, errs.Error())
	}
	return knobs
}

// on runs body on a task and waits for its end.
func (h *Harness) on(realm world.Realm, name string, body func(t *world.Task)) {
	h.tb.Helper()
	h.AwaitTask(h.World.Go(realm, name, body))
}

// AwaitTask waits for a task's end.
func (h *Harness) AwaitTask(task *world.Task) {
	h.tb.Helper()
	h.Await("the end of task "+task.Name(), task.Ended)
}

// Await waits until holds does. It fails the test when patience is over.
func (h *Harness) Await(what string, holds func() bool) {
	h.tb.Helper()
	for began := time.Now(); !holds(); time.Sleep(pollEvery) {
		if time.Since(began) > patience {
			h.tb.Fatalf("waited in vain for %s; alive are %v", what, h.World.Tasks())
		}
	}
}

// Still waits until the world is at rest. It fails the test when something still moves when patience is
// over.
func (h *Harness) Still() {
	h.tb.Helper()
	h.Await("the world to come to rest", h.AtRest)
}

// AtRest says whether nothing in the world can move any more: every task is parked, and none on the
// clock. It looks twice: a task that was parked at the first look and woken since has another time of
// parking at the second. What is outside the World, in a socket or a file, may come back at any time; it
// counts as at rest when many calls in a row have found it where it was.
func (h *Harness) AtRest() bool {
	first := h.World.Tasks()
	for _, task := range first {
		if !task.Parked || task.Kind == world.KindSleep {
			return false
		}
	}
	return slices.Equal(first, h.World.Tasks()) && h.outsideRests(first)
}

// restingLooks is how many calls of AtRest must find the same tasks in the same calls outside the World.
const restingLooks = 500

func (h *Harness) outsideRests(tasks []world.TaskState) bool {
	outside := slices.DeleteFunc(tasks, func(s world.TaskState) bool { return s.Kind != world.KindBlocking })
	if len(outside) == 0 {
		return true
	}
	if !slices.Equal(outside, h.outside) {
		h.outside, h.looks = outside, 0
	}
	h.looks++
	return h.looks > restingLooks
}

// Signal sends SIGTERM to this process and returns once it is with everybody who catches it, so that the
// next test's server cannot be struck by this one's signal.
func (h *Harness) Signal() {
	h.tb.Helper()
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGTERM)
	defer signal.Stop(caught)
	if err := h.World.Raise(syscall.SIGTERM); err != nil {
		h.tb.Skipf("no signals here: %v", err)
	}
	<-caught
}

// Stop sends SIGTERM and waits until the server has ended, perhaps before that, or nothing moves any
// more. It says whether the server has ended.
func (h *Harness) Stop() bool {
	h.tb.Helper()
	h.Signal()
	h.Await("the drain to begin", func() bool { return h.Draining() || h.HasEnded() })
	return h.Ended()
}

// Draining says whether the server has begun to stop.
func (h *Harness) Draining() bool {
	h.probe.mu.Lock()
	defer h.probe.mu.Unlock()
	return h.probe.draining > 0
}

// Ended waits until the server has ended or nothing moves any more, and says whether it has ended. Then
// the load is over.
func (h *Harness) Ended() bool {
	h.tb.Helper()
	h.Await("the server to end or to hang", func() bool { return h.ended.Load() || h.AtRest() })
	ended := h.ended.Load()
	h.EndLoad()
	h.Still()
	return ended
}

// HasEnded says whether the server has ended by now.
func (h *Harness) HasEnded() bool { return h.ended.Load() }

// EndLoad has clients send no more.
func (h *Harness) EndLoad() { h.on(world.Harness, "end of load", h.over.Cancel) }

// Err returns what the server's Wait returned.
func (h *Harness) Err() error { return h.err }

// Tasks lists the tasks of a realm that are alive, as "name: kind object".
func (h *Harness) Tasks(realm world.Realm) []string {
	var list []string
	for _, task := range h.World.Tasks() {
		if task.Realm == realm {
			list = append(list, fmt.Sprintf("%s: %s %s", task.Name, task.Kind, task.Object))
		}
	}
	return list
}

// probe keeps what the target says of itself.
type probe struct {
	mu           sync.Mutex
	draining     int
	drained      []ledger.DrainEnd
	left         int64
	discards     []targets.Discard
	unsubscribed map[int]bool // by lane: whether in the drain
	gauges       []gauge
	panics       []world.Panic
	marks        []string
	owners       []string
}

type gauge struct {
	name         string
	value, bound int64
	final        bool
}

func (p *probe) panicked(v world.Panic) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.panics = append(p.panics, v)
}

// Draining implements targets.Probe.
func (p *probe) Draining(*world.Task) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.draining++
}

// Drained implements targets.Probe.
func (p *probe) Drained(_ *world.Task, how ledger.DrainEnd, left int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drained, p.left = append(p.drained, how), left
}

// Discard implements targets.Probe.
func (p *probe) Discard(d targets.Discard) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.discards = append(p.discards, d)
}

// Unsubscribed implements targets.Probe.
func (p *probe) Unsubscribed(lane int, draining bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.unsubscribed == nil {
		p.unsubscribed = map[int]bool{}
	}
	p.unsubscribed[lane] = draining
}

// Closed implements targets.Probe.
func (p *probe) Closed(*world.Task, int, int) {}

// Gauge implements targets.Probe.
func (p *probe) Gauge(name string, value, bound int64, final bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gauges = append(p.gauges, gauge{name, value, bound, final})
}

// Mark implements targets.Probe.
func (p *probe) Mark(who, text string, _ int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.marks = append(p.marks, who+": "+text)
}

// Owner implements targets.Probe.
func (p *probe) Owner(log, who string, what ledger.Owning, _ time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.owners = append(p.owners, log+": "+who+" "+what.String())
}
