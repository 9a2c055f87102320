package world

import "iter"

// A coroutine runs one task of a simulated world after another. iter.Pull switches in some 60 ns, which
// is a quarter of a hand-over between goroutines, and needs nothing but the public library.
type coroutine struct {
	resume func() (struct{}, bool)
	end    func()
	yield  func(struct{}) bool
	task   *Task
	lends  bool // its task has resumed another, which will give the turn back to it
}

func newCoroutine() *coroutine {
	c := &coroutine{}
	c.resume, c.end = iter.Pull(func(yield func(struct{}) bool) {
		c.yield = yield
		for {
			c.task.run(c.task.body)
			c.task = nil
			if !yield(struct{}{}) {
				return
			}
		}
	})
	return c
}

// A Pool keeps the coroutines of simulated worlds between schedules, for making one costs more than a
// thousand switches, and the room for their books. One goroutine at a time may use it, and one world: an
// earlier one is over when the next is made. The zero value is empty.
type Pool struct {
	free []*coroutine

	memory   memory
	windows  map[string]*Window
	started  []*Task
	all      []*Task
	runnable []*Task
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

func (p *Pool) get() *coroutine {
	if n := len(p.free); n > 0 {
		c := p.free[n-1]
		p.free = p.free[:n-1]
		return c
	}
	return newCoroutine()
}

func (p *Pool) put(c *coroutine) { p.free = append(p.free, c) }

// Close ends the coroutines. None must be in use.
func (p *Pool) Close() {
	for _, c := range p.free {
		c.end()
	}
	p.free = nil
}
