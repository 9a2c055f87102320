package prim

import "github.com/racebench/racebench/engine/world"

// A Permit is a slot of a queue that is taken and not filled yet. A task that may be aborted defers
// Release. A permit must not be copied after its first use. The zero Permit is one that was used.
type Permit[T any] struct{ q *Queue[T] }

// Send fills the slot. It never waits, and delivers also when the queue was closed meanwhile; where the
// queue was dropped, v is discarded through its hook. Sending twice panics.
func (p *Permit[T]) Send(t *world.Task, v T) {
	q := p.q
	if q == nil {
		panic("prim: send on a permit that was used")
	}
	t.Point(world.KindSend, q.object)
	p.q = nil
	q.mu.Lock()
	q.reserved--
	dropped, hook := q.dropped, q.hook
	if !dropped {
		q.put(v)
	}
	q.mu.Unlock()
	if dropped && hook != nil {
		hook(v)
	}
}

// Release gives the slot back. It does nothing when the permit was used.
func (p *Permit[T]) Release(t *world.Task) {
	q := p.q
	if q == nil {
		return
	}
	t.Point(world.KindRelease, q.object)
	p.q = nil
	q.mu.Lock()
	defer q.mu.Unlock()
	q.giveBack()
}

// slot takes a slot for w, or leaves w in line. An error ends the wait too.
func (q *Queue[T]) slot(w *world.Waiter) (taken bool, err error) {
	switch {
	case w.Granted && q.closed:
		w.Granted = false
		q.giveBack()
		return false, ErrClosed
	case w.Granted:
		w.Granted = false
		return true, nil
	case q.closed:
		return false, ErrClosed
	case q.room():
		q.reserved++
		return true, nil
	}
	q.senders.Push(w)
	return false, nil
}

func (q *Queue[T]) withdrawSlot(w *world.Waiter) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.senders.Remove(w) && w.Granted {
		q.giveBack()
	}
}

// sending is a Send that has to wait.
type sending[T any] struct {
	q   *Queue[T]
	v   T
	err error
}

func (s *sending[T]) Poll(w *world.Waiter) bool {
	s.q.mu.Lock()
	defer s.q.mu.Unlock()
	taken, err := s.q.slot(w)
	if taken {
		s.q.reserved--
		s.q.put(s.v)
	}
	s.err = err
	return taken || err != nil
}

func (s *sending[T]) Withdraw(w *world.Waiter) { s.q.withdrawSlot(w) }

func (s *sending[T]) Waits() (world.Kind, *world.Object) { return world.KindSend, s.q.object }

// A Reserving is a Reserve for a Select. It can be used again once its Result was taken.
type Reserving[T any] struct {
	q      *Queue[T]
	permit Permit[T]
	err    error
}

// Reserving returns a reserve that has not begun.
func (q *Queue[T]) Reserving() *Reserving[T] {
	q.mu.Lock()
	defer q.mu.Unlock()
	r := &q.reserving
	if r.q != nil {
		r = &Reserving[T]{}
	}
	r.q, r.err = q, ErrClosed
	return r
}

// Result returns the permit of a completed reserve, once, or ErrClosed.
func (r *Reserving[T]) Result() (Permit[T], error) {
	permit, err := r.permit, r.err
	r.permit, r.err = Permit[T]{}, ErrClosed
	return permit, err
}

// Try implements world.Tryable.
func (r *Reserving[T]) Try() bool {
	permit, err := r.q.tryReserve()
	if err == ErrFull {
		return false
	}
	r.permit, r.err = permit, err
	return true
}

// Poll implements world.Awaitable.
func (r *Reserving[T]) Poll(w *world.Waiter) bool {
	r.q.mu.Lock()
	defer r.q.mu.Unlock()
	taken, err := r.q.slot(w)
	switch {
	case taken:
		r.permit, r.err = Permit[T]{r.q}, nil
	case err != nil:
		r.err = err
	default:
		return false
	}
	return true
}

// Withdraw implements world.Awaitable.
func (r *Reserving[T]) Withdraw(w *world.Waiter) { r.q.withdrawSlot(w) }

// Waits implements world.Awaitable.
func (r *Reserving[T]) Waits() (world.Kind, *world.Object) { return world.KindReserve, r.q.object }

// A Receiving is a Recv for a Select. It can be used again.
type Receiving[T any] struct {
	q  *Queue[T]
	v  T
	ok bool
}

// Receiving returns a receive that has not begun.
func (q *Queue[T]) Receiving() *Receiving[T] {
	q.mu.Lock()
	defer q.mu.Unlock()
	r := &q.receiving
	if r.q != nil {
		r = &Receiving[T]{}
	}
	r.q = q
	return r
}

// Result returns what a completed receive got, once, as Recv does.
func (r *Receiving[T]) Result() (T, bool) {
	var zero T
	v, ok := r.v, r.ok
	r.v, r.ok = zero, false
	return v, ok
}

// Try implements world.Tryable.
func (r *Receiving[T]) Try() bool {
	r.q.mu.Lock()
	defer r.q.mu.Unlock()
	return r.take()
}

func (r *Receiving[T]) take() bool {
	v, state := r.q.take()
	r.v, r.ok = v, state == Got
	return state != Empty
}

// Poll implements world.Awaitable. Being granted means no more than that there was something to look
// for: another receiver may have been faster.
func (r *Receiving[T]) Poll(w *world.Waiter) bool {
	r.q.mu.Lock()
	defer r.q.mu.Unlock()
	w.Granted = false
	if r.take() {
		r.q.receivers.Remove(w)
		return true
	}
	r.q.receivers.Push(w)
	return false
}

// Withdraw implements world.Awaitable. It passes the wake-up on to the next receiver.
func (r *Receiving[T]) Withdraw(w *world.Waiter) {
	r.q.mu.Lock()
	defer r.q.mu.Unlock()
	if !r.q.receivers.Remove(w) && w.Granted && r.q.items.len() > 0 {
		r.q.wakeReceiver()
	}
}

// Waits implements world.Awaitable.
func (r *Receiving[T]) Waits() (world.Kind, *world.Object) { return world.KindRecv, r.q.object }
