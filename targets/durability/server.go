package durability

import (
	"fmt"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// settings are the knobs, read once.
type settings struct {
	batch, queue, rounds, window         int
	closers                              int
	segment                              int64
	cleanup, run, metrics, schedule      time.Duration
	sync, deadline                       time.Duration
	idleDeadline                         bool // it comes only when nobody else can go on
	emptyCommits, standby, exitsOnPanics bool
}

func readSettings(h targets.Host, r recipe) settings {
	k := h.Knobs
	s := settings{
		batch: k.Int("batch"), queue: k.Int("queue"), rounds: k.Int("rounds"), window: k.Int("window"),
		closers: k.Int("closers"),
		segment: int64(k.Int("segment")), cleanup: k.Duration("cleanup"), run: k.Duration("cleanup-run"),
		metrics: k.Duration("metrics"), schedule: k.Duration("schedule"), sync: k.Duration("sync"),
		emptyCommits: k.Bool("empty-commits"), standby: k.Bool("standby"), exitsOnPanics: k.Word("policy") == "panic-exit",
	}
	correct := len(r.Bugs) == 0
	if correct || r.closing == timeoutAbort {
		s.deadline, s.idleDeadline = h.Deadline(), h.IdleDeadline
	}
	return s
}

// windows are the server's windows, looked up once.
type windows struct {
	enqueue, count, cleanup, exit, synced, unlock *world.Window
}

// A server is the process: the host controller with its host, and what ends them. It is an Instance.
type server struct {
	recipe
	settings
	w       *world.World
	probe   targets.Probe
	record  targets.StoreProbe
	quit    func(t *world.Task, status int, why string)
	windows windows
	files   Files
	signals *world.Signals

	supervisor *world.Task
	controller *world.Mutex // guards what follows
	host       *host        // nil once it is forgotten
	stopping   bool

	closedOnce *world.Token // a close of the log has returned, or its time is up
	ended      *world.Token // the server has stopped
	first      *host        // the host that serves, forgotten or not
	begun      world.Note
	expired    world.Note // 1: a deadline ended the drain
}

func newServer(t *world.Task, h targets.Host, r recipe, signals *world.Signals, files Files) (*server, error) {
	w := h.World
	s := &server{
		recipe: r, settings: readSettings(h, r), w: w, probe: h.Probe, record: targets.StoreProbeOf(h.Probe), quit: h.Exit, signals: signals, files: files,
		windows: windows{
			enqueue: w.Window(windowEnqueue), count: w.Window(windowCount), cleanup: w.Window(windowCleanup),
			exit: w.Window(windowExit), synced: w.Window(windowSynced), unlock: w.Window(windowUnlock),
		},
		controller: w.NewMutex("the host controller"),
		closedOnce: w.NewToken("a close to return"),
		ended:      w.NewToken("the server to end"),
	}
	s.record.Claim(ledger.ClaimAnswered, opRead, h.Knobs.Duration("read-limit"))
	first, err := s.launch(t)
	if err != nil {
		return nil, err
	}
	s.host, s.first = first, first
	s.supervisor = t.Go("supervisor", s.supervise)
	return s, nil
}

// Dial implements targets.Instance.
func (s *server) Dial(_ *world.Task, r targets.Role) (targets.Client, error) {
	return &client{s: s, op: r.Op}, nil
}

// Wait implements targets.Instance.
func (s *server) Wait(t *world.Task) error { return t.Join(s.supervisor) }

// supervise is the supervisor's task.
func (s *server) supervise(t *world.Task) {
	defer s.signals.Stop()
	s.signals.Recv(t)
	s.probe.Draining(t)
	s.begun.Set(1)
	s.controller.Lock(t)
	s.stopping = true
	if s.forgets {
		s.host = nil
	}
	s.controller.Unlock(t)
	var standby *world.Task
	if s.standby && !s.deaf {
		standby = t.Go("standby", s.takeOver)
	}
	if s.deaf {
		s.first.abandon(t)
	} else {
		s.first.exit(t)
	}
	if standby != nil {
		_ = t.Join(standby) // a panic of its own is recorded where it happens
	}
	how, left := ledger.DrainReturned, s.first.left.Get()
	if s.expired.Get() != 0 {
		how = ledger.DrainDeadline
	}
	s.probe.Drained(t, how, left)
	s.ended.Cancel(t)
}

// takeOver is the next owner: it opens the log as soon as it may, writes a record of its own, and closes.
func (s *server) takeOver(t *world.Task) {
	t.Await(s.closedOnce)
	log, lock, ok := s.open(t, "standby")
	if !ok {
		return
	}
	if err := log.append(t, []*request{{offset: log.next}}); err != nil {
		panic(fmt.Sprintf("standby: %v", err))
	}
	s.own(t, "standby", ledger.Wrote)
	s.release(t, "standby", log, lock)
}

// logName is what the ledger calls the log.
const logName = "db"

func (s *server) own(t *world.Task, who string, what ledger.Owning) {
	s.probe.Owner(logName, who, what, t.Now())
}

// open takes the log's lock and recovers it. It returns false when somebody owns the log.
func (s *server) open(t *world.Task, who string) (*commitLog, Lock, bool) {
	began := t.Now()
	lock, err := s.files.Lock(t)
	if err != nil {
		s.probe.Owner(logName, who, ledger.OpenRefused, began)
		s.probe.Mark(who, "could not open the log: "+err.Error(), 0)
		return nil, nil, false
	}
	s.own(t, who, ledger.Opened)
	log, err := openLog(t, s.files, s.segment)
	if err != nil {
		panic(fmt.Sprintf("%s: %v", who, err))
	}
	log.slow = s.sync
	return log, lock, true
}

// release gives the log up. It is recorded before the lock is free.
func (s *server) release(t *world.Task, who string, log *commitLog, lock Lock) {
	log.close(t)
	s.own(t, who, ledger.Released)
	if err := lock.Unlock(t); err != nil {
		s.probe.Mark(who, "could not unlock the log: "+err.Error(), 0)
	}
}

// vanish is what a panic of the server's code comes to: under one policy a hook ends the process before
// anything unwinds, under the other the task ends.
func (s *server) vanish(t *world.Task, why string) {
	if s.exitsOnPanics {
		s.quit(t, 1, why)
	}
	panic(why)
}
