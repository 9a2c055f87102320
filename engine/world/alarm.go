package world

import (
	"container/heap"
	"runtime"
	"time"
)

// An alarm wakes sleepers of the real world on time. The runtime's own timers end a sleep of 100 µs
// after 1.1 ms on an idle machine (measured; the poller rounds up to a millisecond), which would blur
// both the load's schedule and the moment of a signal. So one thread sleeps for everybody, on the
// system's finest clock.
type alarm struct {
	timers *timers
	began  time.Time
	clock  sleeper
	closed bool // guarded by timers.mu
}

func newAlarm(p *timers, began time.Time) *alarm {
	a := &alarm{timers: p, began: began, clock: newSleeper()}
	p.interrupt = a.clock.interrupt
	go a.run()
	return a
}

func (a *alarm) run() {
	runtime.LockOSThread()
	a.clock.prepare()
	defer a.clock.release()
	for {
		wait, ok := a.fireDue()
		if !ok {
			return
		}
		a.clock.sleep(wait)
	}
}

// fireDue fires what is due and returns how long the thread may sleep, or false when it is to end.
func (a *alarm) fireDue() (time.Duration, bool) {
	p := a.timers
	p.mu.Lock()
	defer p.mu.Unlock()
	if a.closed {
		return 0, false
	}
	now := time.Since(a.began)
	for len(p.pending) > 0 && p.pending[0].at <= now {
		heap.Pop(&p.pending).(*Timer).fire()
	}
	p.until = now + time.Hour
	if len(p.pending) > 0 {
		p.until = p.pending[0].at
	}
	return p.until - now, true
}

// close ends the thread. A timer that is set later never fires, and the descriptor that would interrupt
// the thread is left alone: by then it may be another file.
func (a *alarm) close() {
	a.timers.mu.Lock()
	defer a.timers.mu.Unlock()
	if !a.closed {
		a.closed = true
		a.clock.interrupt()
		a.timers.interrupt = nil
	}
}
