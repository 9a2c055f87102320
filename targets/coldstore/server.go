package coldstore

import (
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/engine/world/prim"
	"github.com/racebench/racebench/targets"
)

// settings are the knobs, read once, in the trial's time.
type settings struct {
	permits, slots, rows, buffer, writeQueue, cacheSize int

	readDeadline, streamDeadline, callDeadline, backendTimeout, pace time.Duration

	deadline     time.Duration // of reference's drain
	idleDeadline bool          // it comes only when nobody else can go on
	stop         string
}

func readSettings(h targets.Host) settings {
	k := h.Knobs
	scale := time.Duration(k.Int("scale"))
	return settings{
		permits: k.Int("permits"), slots: k.Int("slots"), rows: k.Int("rows"), buffer: k.Int("buffer"),
		writeQueue: k.Int("write-queue"), cacheSize: k.Int("cache"),
		readDeadline: k.Duration("read-deadline") / scale, streamDeadline: k.Duration("stream-deadline") / scale,
		callDeadline: k.Duration("call-deadline") / scale, backendTimeout: k.Duration("backend-timeout") / scale,
		pace: k.Duration("pace") / scale, deadline: h.Deadline(), idleDeadline: h.IdleDeadline, stop: k.Word("stop"),
	}
}

func readFaults(k targets.Knobs) (profile, faults) {
	scale := time.Duration(k.Int("scale"))
	p := map[string]profile{"coop": coop, "detached": detached, "sync": unaware}[k.Word("backend")]
	return p, faults{
		read: k.Duration("read") / scale, write: k.Duration("write") / scale, latest: k.Duration("latest") / scale,
		slow: k.Duration("slow") / scale, slowEvery: int64(k.Int("slow-every")),
		stuck: int64(k.Int("stuck")), stuckWrite: int64(k.Int("stuck-write")),
		hangLatest: int64(k.Int("hang-latest")), panics: int64(k.Int("panic")),
	}
}

// windows are the server's windows, looked up once.
type windows struct{ admitted, fill, queued, signal, cancel *world.Window }

// A design is how calls are run and how the store is stopped.
type design interface {
	// do runs a call to its end and returns what its client learns.
	do(t *world.Task, r *request) targets.Reply
	// stop ends the store, tells the probe when it has begun to, and returns how it ended and what it left.
	stop(t *world.Task) (ledger.DrainEnd, int64)
	// inventory accounts for the writes that are still inside.
	inventory()
}

// A server is one store with everything that belongs to it: an Instance.
type server struct {
	recipe
	settings
	w       *world.World
	probe   targets.Probe
	record  targets.StoreProbe
	windows windows

	signals    *world.Signals
	supervisor *world.Task
	design     design
	reopen     func(t *world.Task) error
	backend    *backend
	cache      *cache
	reads      *prim.Semaphore // a permit each
	streams    *prim.Semaphore // a slot each

	hot    *world.Atomic // the height that was given out last: the hot store has it
	acked  *world.Atomic // the height that a client was told is stored, or will be
	latest *world.Atomic // the greatest height that is stored

	fullest   world.Note   // the most rows that a stream's buffer has held
	begun     world.Note   // 1 once the stop has begun
	gaveUp    world.Note   // 1 once a deadline has ended the stop
	registry  *world.Mutex // guards followers
	followers []func(t *world.Task, m targets.Message) error
}

// newServer starts a store on an open log. Reopen is what another owner's open of that log comes to.
func newServer(t *world.Task, h targets.Host, r recipe, signals *world.Signals, log Log, reopen func(t *world.Task) error) *server {
	w := h.World
	p, f := readFaults(h.Knobs)
	record := targets.StoreProbeOf(h.Probe)
	s := &server{
		recipe: r, settings: readSettings(h), w: w, probe: h.Probe, record: record, signals: signals,
		windows: windows{
			admitted: w.Window(windowAdmitted), fill: w.Window(windowFill), queued: w.Window(windowQueued),
			signal: w.Window(windowSignal), cancel: w.Window(windowCancel),
		},
		backend: newBackend(w, log, record, p, f),
		hot:     w.NewAtomic("the height of the hot store", 0), acked: w.NewAtomic("the height last acknowledged", 0),
		latest:   w.NewAtomic("the height last stored", 0),
		registry: w.NewMutex("the followers"),
	}
	s.cache = newCache(w, s.cacheSize)
	s.reads = prim.NewSemaphore(w, "the read permits", s.permits)
	s.streams = prim.NewSemaphore(w, "the stream slots", s.slots)
	s.reopen = reopen
	s.claim(f.write)
	s.own(host, ledger.Opened, t.Now())
	switch r.shape {
	case oneLoop:
		s.design = newRunner(s)
	case twoLoops:
		s.design = newSplit(s)
	case noLoop:
		s.design = newUnified(s)
	case gated:
		s.design = newGatekeeper(s)
	}
	s.supervisor = w.Go(world.Target, "supervisor", s.supervise)
	return s
}

// claim says what every design means to keep: a write waits for reads no longer than they may take, and
// for the write before it; a read waits for others no longer than it may take itself, and a dispatched write
// for nobody; and once the store is closed a call learns it at once. The reference takes back what it refuses.
func (s *server) claim(write time.Duration) {
	within := 2 * (s.readDeadline + write)
	for _, op := range []string{opWrite, opDispatch, opTruncate} {
		s.record.Claim(ledger.ClaimAnswered, op, within)
	}
	for _, op := range []string{opRead, opScan} {
		s.record.Claim(ledger.ClaimFair, op, s.readDeadline)
	}
	s.record.Claim(ledger.ClaimFair, opDispatch, s.readDeadline/10)
	if s.shape != oneLoop {
		s.record.Claim(ledger.ClaimClosed, "", s.readDeadline/10+2*write)
	}
	if s.shape == noLoop || s.shape == gated {
		s.record.Claim(ledger.ClaimRefused, "", 0)
	}
	if s.shape == gated {
		s.record.Claim(ledger.ClaimNoEffect, "", 0)
		s.record.Claim(ledger.ClaimStreamEnds, "", s.streamDeadline)
	}
}

// supervise is the supervisor's task.
func (s *server) supervise(t *world.Task) {
	defer s.signals.Stop()
	s.signals.Recv(t)
	s.windows.signal.Pass(t)
	s.begun.Set(1)
	how, left := s.design.stop(t)
	s.probe.Drained(t, how, left)
}

// draining tells the probe that the stop has begun.
func (s *server) draining(t *world.Task) { s.probe.Draining(t) }

// The owners of the log, for the record.
const (
	host     = "the host"
	nextHost = "the next host"
)

func (s *server) own(who string, what ledger.Owning, at time.Duration) {
	s.probe.Owner("the log", who, what, at)
}

// release gives the backend back. Whoever still uses it will find it closed.
func (s *server) release(t *world.Task) {
	s.own(host, ledger.Released, t.Now())
	_ = s.backend.log.Close(t)
	s.succeed(t)
}

// succeed is what comes after a stop that has returned: somebody opens the log again.
func (s *server) succeed(t *world.Task) {
	s.own(host, ledger.CloseDone, t.Now())
	asked := t.Now()
	if s.reopen(t) == ErrOwned {
		s.own(nextHost, ledger.OpenRefused, asked)
		return
	}
	s.own(nextHost, ledger.Opened, t.Now())
}

// Wait implements targets.Instance.
func (s *server) Wait(t *world.Task) error { return t.Join(s.supervisor) }

// Inventory implements targets.Instance.
func (s *server) Inventory() {
	s.design.inventory()
	// What a deadline has given up, and counted, still has what it took.
	final := s.gaveUp.Get() == 0
	s.probe.Gauge("read permits", int64(s.permits-s.reads.Available()), 0, final)
	s.probe.Gauge("stream slots", int64(s.slots-s.streams.Available()), 0, final)
	s.tellFull()
}

// tellFull says how full what has a bound has been. A tracker of readers is none of the permits, and a store
// without loops queues nothing.
func (s *server) tellFull() {
	if s.w.Simulated() {
		return // nobody asks there
	}
	if s.barrier != byTracker {
		s.probe.Gauge("read-permits-high", int64(s.reads.High()), int64(s.permits), false)
	}
	s.probe.Gauge("stream-slots-high", int64(s.streams.High()), int64(s.slots), false)
	s.probe.Gauge("stream-buffer-high", s.fullest.Get(), int64(s.buffer), false)
}

// tellQueue says how full a write queue has been.
func (s *server) tellQueue(q *prim.Queue[*request]) {
	if !s.w.Simulated() {
		s.probe.Gauge("write-queue-high", int64(q.High()), int64(s.writeQueue), false)
	}
}

// lose accounts for an accepted write that nobody will store.
func (s *server) lose(r *request, station, cause string) {
	if r.op == opDispatch {
		s.probe.Discard(targets.Discard{
			Msg: r.msg.ID, Lane: -1, Station: station, Cause: cause, Where: "write of " + r.who, Draining: s.begun.Get() != 0,
		})
	}
}

// follow adds who is told of writes.
func (s *server) follow(t *world.Task, handle func(t *world.Task, m targets.Message) error) {
	s.registry.Lock(t)
	defer s.registry.Unlock(t)
	s.followers = append(s.followers, handle)
}

// tell tells followers of a write that is stored.
func (s *server) tell(t *world.Task, m targets.Message) {
	s.registry.Lock(t)
	defer s.registry.Unlock(t)
	for _, handle := range s.followers {
		_ = handle(t, m) // a follower's error is its own
	}
}
