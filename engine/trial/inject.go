package trial

import (
	"fmt"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/racebench/racebench/engine/fault"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// startInjectors starts one task a strike, before the target, so that its start can be struck too.
// Strikes in a window are made by the task that passes it.
func (s *serving) startInjectors() {
	s.counters = make([]*opCounter, len(s.plan.Strikes))
	if s.plan.ID.Control {
		return
	}
	for i, strike := range s.plan.Strikes {
		name := InjectorTask + strconv.Itoa(i)
		switch strike.Trigger {
		case fault.AtWindow:
			s.watch(strike.Window).aims = append(s.watch(strike.Window).aims, &aim{strike: strike})
		case fault.AtOp:
			o := &opCounter{after: strike.Count, reached: s.w.NewToken(CountedToken + strconv.FormatInt(strike.Count, 10))}
			if strike.Count == 0 {
				o.reached = s.loading
			}
			s.counters[i] = o
			s.w.Go(world.Harness, name, func(t *world.Task) {
				if t.Select(s.over, o.reached) == 1 {
					s.strike(t, strike, t.Now())
				}
			})
		case fault.AtStartup:
			s.w.Go(world.Harness, name, func(t *world.Task) { s.strikeAfter(t, s.subscribed, &s.subscribedAt, strike) })
		case fault.After:
			s.w.Go(world.Harness, name, func(t *world.Task) {
				if t.Select(s.over, s.struck) == 1 && s.sleepUntil(t, s.struckAt+strike.Moment, strike) {
					s.strike(t, strike, s.struckAt+strike.Moment)
				}
			})
		default:
			s.w.Go(world.Harness, name, func(t *world.Task) { s.strikeAfter(t, s.loading, &s.loadBegan, strike) })
		}
	}
}

// strikeAfter strikes a drawn while after an event, unless the trial is over first.
func (s *serving) strikeAfter(t *world.Task, event *world.Token, at *time.Duration, strike fault.Strike) {
	if t.Select(s.over, event) == 0 {
		return
	}
	planned := *at + strike.Moment
	moment := planned
	if s.courier != nil {
		if !s.sleepUntil(t, planned-targets.AimAhead, strike) {
			return
		}
		s.courier.Aim(t)
		moment -= targets.LookAhead
	}
	if s.sleepUntil(t, moment, strike) {
		s.strike(t, strike, planned)
	}
}

// sleepUntil waits for a moment before a strike. It returns false when the trial is over first.
func (s *serving) sleepUntil(t *world.Task, moment time.Duration, strike fault.Strike) bool {
	if moment <= t.Now() {
		return true
	}
	timer := s.w.NewTimer("the moment of " + strike.Name)
	timer.SetAt(moment)
	return t.Select(s.over, timer) != 0
}

// strike sends the signal. It is recorded first: nothing is written after a SIGKILL.
func (s *serving) strike(t *world.Task, strike fault.Strike, planned time.Duration) {
	if !s.mayStrike() {
		return
	}
	for _, w := range s.windows {
		if w.inside.Load() > 0 {
			w.struck.Add(1)
		}
	}
	if s.courier != nil {
		s.carry(t, strike, planned)
		return
	}
	s.noteStrike(strike, planned, t.Now())
	if s.w.Simulated() && strike.Signal == syscall.SIGKILL {
		s.killed, s.power = strike.Signal, strike.Power
		t.Halt()
		return
	}
	if err := s.w.Raise(strike.Signal); err != nil {
		panic(fmt.Sprintf("send %s: %v", strike.Name, err))
	}
	s.struck.Cancel(t)
}

// mayStrike says whether a strike may begin: nobody would watch what came of one after the trial's task has given up
// waiting. In a simulated world it gives up when nobody can move any more.
func (s *serving) mayStrike() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.strikeBegun = s.strikeBegun || !s.noStrike
	return s.w.Simulated() || s.strikeBegun
}

// giveUp ends the waiting for a strike. It returns false where one has begun: on a busy machine it may be late.
func (s *serving) giveUp() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noStrike = !s.strikeBegun
	return s.noStrike
}

// noteStrike records a strike. The first one recorded is the one that the drain is timed from, here and
// in the judges' eyes.
func (s *serving) noteStrike(strike fault.Strike, planned, now time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.wasStruck {
		s.wasStruck, s.struckAt, s.stalledBefore = true, now, s.stalls.sum()
	}
	s.out.Add(&ledger.Signal{Number: int(strike.Signal), Power: strike.Power, Planned: planned, At: now})
}

// A windowWatch is what the engine does at one of the target's windows: it counts, strikes, widens.
type windowWatch struct {
	s     *serving
	name  string
	stage targets.Stage
	widen time.Duration
	aims  []*aim

	inside, passed, struck, met atomic.Int64
	held                        atomic.Bool
}

// An aim is a strike that waits for a task in a window.
type aim struct {
	strike fault.Strike
	done   atomic.Bool
}

// watch returns the watch of a window, made on first use.
func (s *serving) watch(name string) *windowWatch {
	for _, w := range s.windows {
		if w.name == name {
			return w
		}
	}
	w := &windowWatch{s: s, name: name}
	for _, info := range s.plan.Program.Target.Windows {
		if info.Name == name {
			w.stage = info.Stage
		}
	}
	s.windows = append(s.windows, w)
	s.w.Arm(name, w.visit)
	return w
}

func (s *serving) armWindows() {
	for _, wide := range s.plan.Program.Widen {
		s.watch(wide.Window).widen = wide.For
	}
}

// visit is called by every task that passes the window, and keeps it there while it runs.
func (w *windowWatch) visit(t *world.Task) {
	t.As(world.Harness, func() { w.hold(t) })
}

func (w *windowWatch) hold(t *world.Task) {
	w.passed.Add(1)
	w.inside.Add(1)
	defer w.inside.Add(-1)
	for _, a := range w.aims {
		if !w.ripe(t, a) || !a.done.CompareAndSwap(false, true) {
			continue
		}
		w.met.Add(1)
		w.s.strike(t, a.strike, t.Now())
		if a.strike.Hold {
			w.held.Store(true)
			limit := w.s.w.NewTimer("the drain to begin")
			limit.Set(w.s.plan.Program.Scenario.DrainLimit)
			t.Select(w.s.draining, limit)
		}
	}
	if w.widen > 0 {
		w.held.Store(true)
		t.Sleep(w.widen)
	}
}

// ripe says whether an aim may strike now: under load not before its drawn moment.
func (w *windowWatch) ripe(t *world.Task, a *aim) bool {
	if a.done.Load() {
		return false
	}
	if w.stage != targets.UnderLoad {
		return true
	}
	return w.s.loading.Try() && t.Now() >= w.s.loadBegan+a.strike.Moment
}

func (w *windowWatch) record(out *ledger.Writer) *ledger.Window {
	return &ledger.Window{
		Name: out.Name(w.name), Passed: w.passed.Load(), Struck: w.struck.Load(), Met: w.met.Load(),
		Widened: w.held.Load(),
	}
}
