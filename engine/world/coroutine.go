package world

import (
	"iter"
	"runtime"

	"github.com/racebench/racebench/engine/schedule"
)

// A coroutine is a place where one goroutine waits for its turn. It is made with a goroutine of its own, which runs
// the tasks of simulated worlds one after another, but any other may wait in it. So whoever hands over takes the
// place of whoever goes on: one switch, however the turns go. iter.Pull switches in some 50 ns, which is a
// quarter of a hand-over between goroutines, and needs nothing but the public library.
type coroutine struct {
	next  func() (struct{}, bool)
	yield func(struct{}) bool
	end   func()
	odd   bool // next was called last: iter.Pull wants the two in turn
}

// newCoroutine returns a coroutine of the pool. Its goroutine runs whoever has the turn, and what that one's end
// hands over to: at once where that is a task that has not begun.
func (p *Pool) newCoroutine() *coroutine {
	c := &coroutine{}
	c.next, c.end = iter.Pull(func(yield func(struct{}) bool) {
		c.yield = yield
		for !p.closed {
			s := p.sim
			for s.current != nil && !s.current.Begun {
				s.current.begin()
			}
			p.free = append(p.free, nil)
			s.leave(&p.free[len(p.free)-1])
		}
	})
	return c
}

// seat is where the goroutine waits whose turn it is: the current task's, or else Simulate's own.
func (s *sim) seat() *coroutine {
	at := &s.home
	if t := s.current; t != nil {
		if !t.Begun {
			return s.pool.get()
		}
		at = &t.at
	}
	c := *at
	*at = nil
	return c
}

// leave hands over to whoever has the turn, and returns when it is the caller's again, who waits meanwhile where
// at says. It says whether the world is being taken down. It is called from as few functions as can be: after a
// switch the processor foresees none of the returns.
func (s *sim) leave(at **coroutine) (over bool) {
	c := s.seat()
	*at = c
	c.odd = !c.odd
	var ok bool
	if c.odd {
		_, ok = c.next()
	} else {
		ok = c.yield(struct{}{})
	}
	if !ok && !s.pool.closed {
		runtime.Goexit() // as another task has done, in a test that failed
	}
	return s.tearing
}

// A Pool keeps the coroutines of simulated worlds between schedules, for making one costs more than a
// thousand switches, and the room for their books. One goroutine at a time may use it, and one world: an
// earlier one is over when the next is made. The zero value is empty.
type Pool struct {
	free   []*coroutine // a goroutine without a task waits in each
	sim    *sim         // of the world that is simulated
	closed bool

	memory   memory
	windows  map[string]*Window
	started  []*Task
	all      []*Task
	runnable []*schedule.Task
	pending  timerHeap
	idle     timerHeap
}

// lend gives the pool's books, emptied, to a new world.
func (p *Pool) lend(w *World) {
	if p.windows == nil {
		p.windows = map[string]*Window{}
	}
	clear(p.windows)
	w.windows = p.windows
	p.sim = w.sim
	if w.sim.onStep == nil {
		// Nobody has kept anything of the last schedule.
		p.memory.reset()
		w.sim.memory, w.sim.started = &p.memory, p.started[:0]
	} else {
		w.sim.memory = &memory{}
	}
	w.sim.all, w.sim.state.Runnable = p.all[:0], p.runnable[:0]
	w.timers.pending, w.timers.idle = p.pending[:0], p.idle[:0]
}

// takeBack keeps the lists, which may have grown.
func (p *Pool) takeBack(s *sim) {
	p.all, p.runnable = s.all, s.state.Runnable
	p.pending, p.idle = s.w.timers.pending, s.w.timers.idle
	if s.onStep == nil {
		p.started = s.started
	}
	clear(p.all[:cap(p.all)])
	clear(p.runnable[:cap(p.runnable)])
}

// get takes out a coroutine in which a goroutine waits for a task.
func (p *Pool) get() *coroutine {
	if n := len(p.free); n > 0 {
		c := p.free[n-1]
		p.free = p.free[:n-1]
		return c
	}
	return p.newCoroutine()
}

// Close ends the goroutines. None must have a task.
func (p *Pool) Close() {
	p.closed = true
	for _, c := range p.free {
		c.end() // and who waits in its goroutine's place, and so on, until it is the caller's turn again
	}
	p.free = nil
}
