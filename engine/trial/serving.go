package trial

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result/void"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/targets"
)

// serving is the first phase of a trial: boot, load, strike, drain. It runs in the child and only
// writes evidence.
type serving struct {
	plan Plan
	dir  rundir.TrialDir
	w    *world.World
	out  *ledger.Writer

	instance targets.Instance
	courier  targets.Courier // carries signals to an external program
	clients  []*client
	counters []*opCounter // by index of the strike; nil where it counts none
	windows  []*windowWatch

	milestones
	striking
	toDial   atomic.Int64
	accesses atomic.Uint64 // of the server's backend, begun so far

	how  atomic.Int64 // a ledger.DrainEnd
	left atomic.Int64
	err  error // what the instance's Wait returned

	stalls stallWatch
	process
}

// milestones are what a trial comes by: a token for whoever waits, and a moment for whoever records.
type milestones struct {
	subscribed *world.Token // the target catches signals
	loading    *world.Token // the load has begun
	struck     *world.Token // the first strike has been made
	draining   *world.Token // the target has begun to stop
	ended      *world.Token // the target has stopped by itself
	over       *world.Token // clients are to stop
	allDialled *world.Token

	subscribedAt, loadBegan, overAt time.Duration
}

// striking is what the tasks that strike and the one that watches the drain agree on.
type striking struct {
	mu            sync.Mutex
	strikeBegun   bool // a strike has begun
	noStrike      bool // none may begin any more
	wasStruck     bool
	struckAt      time.Duration // read without mu once struck is cancelled
	stalledBefore time.Duration // before the first strike
	preparing     time.Duration // what was run before the signal took of the server's time; read without mu once struck is cancelled
}

// process is, in a simulated world, what stands for the server's process: what it writes to, and how it ended.
type process struct {
	medium targets.Medium
	killed syscall.Signal // 0: it was not
	power  bool           // the power was cut
	status int            // with which the server's code ended it
	broken error          // racebench's own failure
}

// Names of what a trial itself waits for. A story of a schedule leaves them out.
const (
	targetToken    = "the target to catch signals"
	loadToken      = "the load to begin"
	strikeToken    = "the signal to strike"
	drainToken     = "the drain to begin"
	endToken       = "the server to end"
	overToken      = "the load to end"
	dialledToken   = "every client to have dialled"
	connectedToken = "its connection"
	CountedToken   = "operation " // begins the names of the counts that a strike waits for

	InjectorTask = "racebench injector " // begins the names of the tasks that strike
)

// HarnessTokens are the names of what is there in every trial.
var HarnessTokens = []string{targetToken, loadToken, strikeToken, drainToken, endToken, overToken, dialledToken, connectedToken}

// prepare makes s ready for a trial in a world that build makes.
func (s *serving) prepare(plan Plan, dir rundir.TrialDir, out *ledger.Writer, build func(world.Options) *world.World) {
	*s = serving{plan: plan, dir: dir, out: out}
	s.w = build(world.Options{
		Stream:       plan.Seed.Stream,
		OnPanic:      s.onPanic,
		OnSubscribed: s.onSubscribed,
		OnSignal:     s.onSignal,
	})
	s.subscribed = s.w.NewToken(targetToken)
	s.loading = s.w.NewToken(loadToken)
	s.struck = s.w.NewToken(strikeToken)
	s.draining = s.w.NewToken(drainToken)
	s.ended = s.w.NewToken(endToken)
	s.over = s.w.NewToken(overToken)
	s.allDialled = s.w.NewToken(dialledToken)
}

// TrialTask is the name of the task that runs a trial.
const TrialTask = "racebench trial"

// WaiterTask is the name of the task that waits for the server's end.
const WaiterTask = "racebench waiter"

// A startError is why a target did not start.
type startError struct {
	of  string // target and variant
	err error
}

// Error implements error.
func (e *startError) Error() string { return fmt.Sprintf("start %s: %v", e.of, e.err) }

// Unwrap returns the target's own error.
func (e *startError) Unwrap() error { return e.err }

// whyNotStarted is the reason of a trial whose process did not serve.
func whyNotStarted(err error) void.Reason {
	code, words := void.NotStarted, err
	if errors.Is(err, targets.ErrCannotRun) {
		code = void.CannotRun
	}
	if own, ok := errors.AsType[*startError](err); ok {
		words = own.err
	}
	return code.Because(words)
}

// A stallWatch measures for how long the process wanted to run and did not: a suspended laptop, a paused
// machine, neighbours that took the cores. It asks to be woken all the time, and sums up how late it was.
// A drain is not late for what the machine took from it. In a simulated world it is the schedule that
// takes time, and how much is known.
type stallWatch struct {
	total     atomic.Int64 // nanoseconds
	simulated *world.World // nil in a real world
}

const (
	// stallTick is how often the watch looks. stallSlack is what a quiet machine adds to a sleep: the
	// runtime's timers alone are up to a millisecond late.
	stallTick  = 5 * time.Millisecond
	stallSlack = 2 * time.Millisecond
)

// watch runs for as long as the process does.
func (w *stallWatch) watch() {
	for {
		began := time.Now()
		time.Sleep(stallTick)
		if over := time.Since(began) - stallTick; over > stallSlack {
			w.total.Add(int64(over))
		}
	}
}

func (w *stallWatch) sum() time.Duration {
	if w.simulated != nil {
		return w.simulated.Now() - w.simulated.Waited()
	}
	return time.Duration(w.total.Load())
}
