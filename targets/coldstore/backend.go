package coldstore

import (
	"errors"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// A Log is what is behind the handle: blocks by height. Calls may come from several tasks at once.
type Log interface {
	// Get returns the block at a height.
	Get(t *world.Task, height int64) (ledger.MsgID, bool, error)
	// Scan reads the blocks of heights from until to and returns how many there are.
	Scan(t *world.Task, from, to int64) (int, error)
	// Latest returns the greatest height that has a block; 0 is none.
	Latest(t *world.Task) (int64, error)
	// Append stores a block; when it returns nil the block is durable.
	Append(t *world.Task, height int64, block ledger.MsgID) error
	// Truncate removes every block from a height on and returns the heights that it removed.
	Truncate(t *world.Task, from int64) ([]int64, error)
	// Rows opens a read transaction for a stream of rows. It sees nothing that comes later.
	Rows(t *world.Task) (Rows, error)
	// Close gives the log back, so that another owner can open it. It may wait for calls under way. Later
	// calls return ErrGivenBack.
	Close(t *world.Task) error
}

// Rows is a stream's read transaction.
type Rows interface {
	// Next reads a row; false is the end.
	Next(t *world.Task) bool
	Close(t *world.Task)
}

var (
	// ErrGivenBack is what a log returns that was closed.
	ErrGivenBack = errors.New("the log was given back")
	// ErrOwned is what an open of a log returns that somebody else has open.
	ErrOwned = errors.New("the log has an owner")

	// errCancelled is what a backend returns that stopped because its caller did.
	errCancelled = errors.New("cancelled")
	// errLost is what a caller gets whose call has panicked.
	errLost = errors.New("the backend's answer was lost")
)

// A profile is what becomes of a backend's work when its caller has left.
type profile uint8

const (
	coop     profile = iota // it stops at once
	detached                // it goes on by itself
	unaware                 // the caller cannot leave before it is done
)

// A call is one use of the backend.
type call struct {
	kind ledger.AccessKind
	msg  ledger.MsgID
	key  int64
	// limit is the moment at which the caller leaves; 0 is never.
	limit time.Duration
	// act does it. Its results are good only when do returns nil.
	act func(t *world.Task) error
	// over is called once the backend's own work has ended, whether the caller is there or not; nil is
	// nobody cares.
	over func(t *world.Task)
}

// A backend is the log with a layer of faults in front: any call can be slow, stuck, or panic.
type backend struct {
	log     Log
	w       *world.World
	record  targets.StoreProbe
	profile profile
	faults  faults

	entry *workload // who is about to touch the backend; nil where nobody counts

	lookUps, latests, writes           *world.Atomic // calls so far
	stuckRead, stuckWrite, stuckLatest *world.Token  // nobody ever cancels them
}

// faults say what is wrong with the backend. A count says which call of its kind it strikes; 0 is none.
type faults struct {
	read, write, latest time.Duration // what calls take
	slow                time.Duration // what every slowEvery-th look-up takes
	slowEvery           int64
	stuck, stuckWrite   int64
	hangLatest          int64
	panics              int64
}

func newBackend(w *world.World, log Log, record targets.StoreProbe, p profile, f faults) *backend {
	return &backend{
		log: log, w: w, record: record, profile: p, faults: f,
		lookUps: w.NewAtomic("look-ups of the backend", 0), latests: w.NewAtomic("latest-block calls", 0),
		writes:    w.NewAtomic("writes of the backend", 0),
		stuckRead: w.NewToken("a stuck look-up"), stuckWrite: w.NewToken("a stuck write"),
		stuckLatest: w.NewToken("a latest-block call that hangs"),
	}
}

// A plight is what the layer of faults does to one call.
type plight struct {
	takes  time.Duration
	stuck  *world.Token
	panics bool
}

// lookUp counts a look-up and says what befalls it.
func (b *backend) lookUp(t *world.Task) plight {
	f := &b.faults
	p := plight{takes: f.read}
	if f.stuck == 0 && f.slowEvery == 0 && f.panics == 0 {
		return p
	}
	n := b.lookUps.Add(t, 1)
	if f.slowEvery > 0 && n%f.slowEvery == 0 {
		p.takes = f.slow
	}
	if n == f.stuck {
		p.stuck = b.stuckRead
	}
	p.panics = n == f.panics
	return p
}

// latest counts a latest-block call and says what befalls it.
func (b *backend) latest(t *world.Task) plight {
	p := plight{takes: b.faults.latest}
	if b.faults.hangLatest > 0 && b.latests.Add(t, 1) == b.faults.hangLatest {
		p.stuck = b.stuckLatest
	}
	return p
}

// write counts a write and says what befalls it.
func (b *backend) write(t *world.Task) plight {
	p := plight{takes: b.faults.write}
	if b.faults.stuckWrite > 0 && b.writes.Add(t, 1) == b.faults.stuckWrite {
		p.stuck = b.stuckWrite
	}
	return p
}

// do makes a call as the profile has it. It returns errCancelled when the caller's limit came first.
func (b *backend) do(t *world.Task, c call, p plight) error {
	if b.profile == detached {
		return b.apart(t, c, p)
	}
	if b.profile == unaware {
		c.limit = 0
	}
	if c.over != nil {
		t.AtEnd(c.over)
	}
	return b.work(t, c, p)
}

// apart has a task of the backend's own do the work. The caller waits for it, or leaves it behind.
func (b *backend) apart(t *world.Task, c call, p plight) error {
	done := b.w.NewToken("the backend's answer")
	limit := c.limit
	c.limit = 0
	err := errLost
	t.Go("backend call", func(t *world.Task) {
		t.AtEnd(done.Cancel)
		if c.over != nil {
			t.AtEnd(c.over)
		}
		err = b.work(t, c, p)
	})
	if limit == 0 {
		t.Await(done)
		return err
	}
	timer := b.w.NewTimer("the caller's limit")
	timer.SetAt(limit)
	defer timer.Stop()
	if t.Select(done, timer) == 1 {
		return errCancelled
	}
	return err
}

// work is the call itself, between two records of it.
func (b *backend) work(t *world.Task, c call, p plight) error {
	n, ok := b.enter(t, ledger.Access{Kind: c.kind, Msg: c.msg, Key: c.key})
	if !ok {
		return errLost
	}
	if p.panics {
		b.record.AccessEnded(n)
		panic("the backend has lost its mind")
	}
	err := errCancelled
	if b.endure(t, c, p) {
		err = c.act(t)
	}
	b.record.AccessEnded(n) // not deferred: what is cut off in the backend has not come out of it
	return err
}

// enter records that the backend is about to be touched. It is refused once the backend was revoked.
func (b *backend) enter(t *world.Task, a ledger.Access) (uint64, bool) {
	if b.entry == nil {
		return b.record.AccessBegan(a), true
	}
	b.entry.add(t)
	defer b.entry.done(t)
	if b.entry.shut.Load(t) != 0 {
		return 0, false
	}
	return b.record.AccessBegan(a), true
}

// revoke keeps everybody out who has not entered yet. What is inside stays there.
func (b *backend) revoke(t *world.Task) {
	b.entry.gateShut(t)
	t.Await(b.entry.none)
}

// endure is what a call takes. It returns false when the caller's limit came first.
func (b *backend) endure(t *world.Task, c call, p plight) bool {
	switch {
	case p.stuck == nil && p.takes == 0:
		return true
	case c.limit == 0 && p.stuck != nil:
		t.Await(p.stuck)
		return true
	case c.limit == 0:
		t.Sleep(p.takes)
		return true
	}
	limit := b.w.NewTimer("the caller's limit")
	limit.SetAt(c.limit)
	defer limit.Stop()
	if p.stuck != nil {
		return t.Select(p.stuck, limit) == 0
	}
	timer := b.w.NewTimer("the backend")
	timer.Set(p.takes)
	defer timer.Stop()
	return t.Select(timer, limit) == 0
}
