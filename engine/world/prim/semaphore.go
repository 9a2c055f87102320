package prim

import "github.com/racebench/racebench/engine/world"

// A Semaphore hands out units in the order they were asked for: while the first in line waits for many,
// nobody passes it with few. It can be closed.
type Semaphore struct {
	object *world.Object

	mu      guard
	free    int // while somebody waits: what the first in line has gathered so far
	closed  bool
	waiters world.WaitList

	holders, high int // acquires that were not released yet, and the most of them
}

// NewSemaphore returns an open semaphore of n units.
func NewSemaphore(w *world.World, name string, n int) *Semaphore {
	return &Semaphore{object: w.NewObject(name), mu: newGuard(w), free: n}
}

// Acquire waits for n units at once and takes them. It returns ErrClosed when the semaphore was closed
// before the caller had them, also when they had been granted and it had not run since.
func (s *Semaphore) Acquire(t *world.Task, n int) error {
	t.Point(world.KindAcquire, s.object)
	if err := s.tryAcquire(n); err != ErrFull {
		return err
	}
	op := s.Acquiring(n)
	t.Await(op)
	return op.Result()
}

// TryAcquire takes n units if they are free now and nobody waits. It returns ErrFull or ErrClosed.
func (s *Semaphore) TryAcquire(t *world.Task, n int) error {
	t.Point(world.KindAcquire, s.object)
	return s.tryAcquire(n)
}

func (s *Semaphore) tryAcquire(n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.take(n)
}

// Release gives n units back, or adds new ones.
func (s *Semaphore) Release(t *world.Task, n int) {
	t.Point(world.KindRelease, s.object)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free += n
	s.holders = max(0, s.holders-1) // more may be released than was acquired: new units
	s.handOut()
}

// Close fails whoever waits and every later Acquire. Units that were taken can still be released.
func (s *Semaphore) Close(t *world.Task) {
	t.Point(world.KindClose, s.object)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	// They are not marked as granted, which would mean their units.
	for w := s.waiters.Front(); w != nil; w = s.waiters.Front() {
		s.waiters.Remove(w)
		w.Wake()
	}
}

// Available returns how many units could be taken now: none while somebody waits. It is not a visible
// operation.
func (s *Semaphore) Available() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.waiters.Empty() {
		return 0
	}
	return s.free
}

// High returns the most acquires that held units at once, however many units each. It is not a visible
// operation.
func (s *Semaphore) High() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.high
}

// What follows is called under the lock.

func (s *Semaphore) take(n int) error {
	switch {
	case s.closed:
		return ErrClosed
	case n == 0:
		return nil
	case !s.waiters.Empty() || s.free < n:
		return ErrFull
	}
	s.free -= n
	s.hold()
	return nil
}

func (s *Semaphore) hold() {
	s.holders++
	s.high = max(s.high, s.holders)
}

func (s *Semaphore) handOut() {
	for w := s.waiters.Front(); w != nil && w.Units <= s.free; w = s.waiters.Front() {
		s.free -= w.Units
		s.hold()
		s.waiters.Pop()
		w.Wake()
	}
}

// An Acquiring is an Acquire for a Select. It can be used again.
type Acquiring struct {
	s   *Semaphore
	n   int
	err error
}

// Acquiring returns an acquire of n units that has not begun.
func (s *Semaphore) Acquiring(n int) *Acquiring { return &Acquiring{s: s, n: n, err: ErrClosed} }

// Result returns nil once after a completed acquire got its units, or ErrClosed.
func (a *Acquiring) Result() error {
	err := a.err
	a.err = ErrClosed
	return err
}

// Try implements world.Tryable.
func (a *Acquiring) Try() bool {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	return a.take()
}

func (a *Acquiring) take() bool {
	err := a.s.take(a.n)
	if err == ErrFull {
		return false
	}
	a.err = err
	return true
}

// Poll implements world.Awaitable.
func (a *Acquiring) Poll(w *world.Waiter) bool {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	switch {
	case w.Granted && a.s.closed:
		w.Granted = false
		a.s.free += a.n
		a.s.holders--
		a.err = ErrClosed
		return true
	case w.Granted:
		w.Granted = false
		a.err = nil
		return true
	case w.Queued():
		return false
	}
	if a.take() {
		return true
	}
	w.Units = a.n
	a.s.waiters.Push(w)
	return false
}

// Withdraw implements world.Awaitable. Leaving the line may let the next in.
func (a *Acquiring) Withdraw(w *world.Waiter) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	if !a.s.waiters.Remove(w) && w.Granted {
		a.s.free += a.n
		a.s.holders--
	}
	a.s.handOut()
}

// Waits implements world.Awaitable.
func (a *Acquiring) Waits() (world.Kind, *world.Object) { return world.KindAcquire, a.s.object }
