package world

import "time"

// A Timer is awaited until the moment it was set to. It belongs to one task. Periodic says that it is
// one of a server's endless rhythms (a ping, a ticker, a clean-up): a simulated world in which nothing
// but periodic timers ever moves, and nothing comes of it, is hung. It is set before the timer is.
//
// Periodic is a promise: what a tick leads to follows from what is in the world (queues, locks, atomics,
// tokens), and neither from how many ticks there were nor from chance. A tick that has changed something that
// no visible operation shows, as a clean-up does that takes an entry out of a map, says so with Task.Changed.
// A task that reads the time makes progress by that.
//
// Idle says that the timer is a limit on how long something is waited for, not a part of the load: in a
// simulated world, where any task may be slow for any time, it fires when nothing else can move.
// One that is Timely, too, does not wait for timers that are due after it: it fires at its time, if nobody can go on then.
type Timer struct {
	Periodic bool
	Idle     bool
	Timely   bool

	w      *World
	object *Object
	at     time.Duration
	order  uint64
	index  int // in its heap; -1 when not armed
	fired  bool
	waiter *Waiter
	ticks  [2]ticks // of a periodic timer in a simulated world
	then   func()   // what else firing does; for deadlines
}

// NewTimer returns a timer that is not set.
func (w *World) NewTimer(name string) *Timer {
	t := take(w, func(m *memory) *slab[Timer] { return &m.timers })
	t.w, t.object, t.index = w, w.NewObject(name), -1
	return t
}

// SetAt arms the timer for a moment of the world's time, in place of an earlier setting.
func (t *Timer) SetAt(at time.Duration) { t.w.timers.add(t, at) }

// Set arms the timer for d from now, in place of an earlier setting.
func (t *Timer) Set(d time.Duration) { t.SetAt(t.w.now() + d) }

// Stop disarms the timer.
func (t *Timer) Stop() { t.w.timers.remove(t) }

// armed says whether the timer will fire. In the real world a server's rhythm does not count: whoever waits
// for nothing else does nothing but beat time. A simulated world finds that out by itself.
func (t *Timer) armed() bool {
	t.w.timers.mu.Lock()
	defer t.w.timers.mu.Unlock()
	return t.index >= 0 && (!t.Periodic || t.w.sim != nil)
}

// fire is called with the lock of the timers held.
func (t *Timer) fire() {
	t.fired = true
	if t.waiter != nil {
		t.waiter.Wake()
	}
	if t.then != nil {
		t.then()
	}
}

// Poll implements Awaitable: a timer completes once for each setting.
func (t *Timer) Poll(w *Waiter) bool {
	t.w.timers.mu.Lock()
	defer t.w.timers.mu.Unlock()
	if t.fired {
		t.fired, t.waiter = false, nil
		return true
	}
	t.waiter = w
	return false
}

// Try implements Tryable.
func (t *Timer) Try() bool {
	t.w.timers.mu.Lock()
	defer t.w.timers.mu.Unlock()
	fired := t.fired
	t.fired = false
	return fired
}

// Withdraw implements Awaitable. The timer stays armed.
func (t *Timer) Withdraw(*Waiter) {
	t.w.timers.mu.Lock()
	defer t.w.timers.mu.Unlock()
	t.waiter = nil
}

// Waits implements Awaitable.
func (t *Timer) Waits() (Kind, *Object) { return KindSleep, t.object }

// Sleep waits for d. Zero and less return at once.
func (t *Task) Sleep(d time.Duration) { t.SleepUntil(t.w.now() + d) }

// SleepUntil waits for a moment of the world's time. It returns at once when the moment is past.
func (t *Task) SleepUntil(at time.Duration) {
	if t.unwinding {
		return
	}
	if at <= t.w.now() {
		t.w.changed() // it depended on the time
		return
	}
	if t.sleep == nil {
		t.sleep = t.w.NewTimer("the clock")
	}
	t.sleep.SetAt(at)
	t.Await(t.sleep)
}
