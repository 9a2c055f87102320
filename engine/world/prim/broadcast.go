package prim

import (
	"fmt"

	"github.com/racebench/racebench/engine/world"
)

// A Broadcast shows every value to every subscription. It keeps the latest ones only: sending never
// waits, and a subscription that falls behind by more than the capacity loses the oldest and is told.
type Broadcast[T any] struct {
	w      *world.World
	object *world.Object

	mu      guard
	keeps   uint64 // values, at the most
	kept    []T    // value n at n modulo keeps
	sent    uint64
	closed  bool
	waiters world.WaitList
}

// Lagged is the error of a subscription that was overrun. It goes on from the oldest value kept.
type Lagged struct {
	Missed int // values lost, at least 1
}

// Error says how many values were lost.
func (l *Lagged) Error() string { return fmt.Sprintf("lagged: %d missed", l.Missed) }

// NewBroadcast returns a broadcast that keeps the last capacity values, at least 1.
func NewBroadcast[T any](w *world.World, name string, capacity int) *Broadcast[T] {
	return &Broadcast[T]{w: w, object: w.NewObject(name), mu: newGuard(w), keeps: uint64(max(1, capacity))}
}

// Send shows v to every subscription there is. After Close it does nothing.
func (b *Broadcast[T]) Send(t *world.Task, v T) {
	t.Point(world.KindSend, b.object)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	if uint64(len(b.kept)) < b.keeps {
		b.kept = append(b.kept, v)
	} else {
		b.kept[b.sent%b.keeps] = v
	}
	b.sent++
	b.waiters.WakeAll()
}

// Close says that nothing will be sent again. What was sent can still be received.
func (b *Broadcast[T]) Close(t *world.Task) {
	t.Point(world.KindClose, b.object)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.waiters.WakeAll()
}

// A Subscription sees what is sent after it was made. It belongs to one task.
type Subscription[T any] struct {
	b       *Broadcast[T]
	object  *world.Object
	next    uint64 // the number of the value to receive next
	dropped bool
}

// Subscribe returns a subscription to what is sent from now on.
func (b *Broadcast[T]) Subscribe(name string) *Subscription[T] {
	b.mu.Lock()
	defer b.mu.Unlock()
	return &Subscription[T]{b: b, object: b.w.NewObject(name), next: b.sent}
}

// Recv waits for the next value. It returns a *Lagged once when values were lost, and ErrClosed when
// the broadcast was closed and everything was received.
func (s *Subscription[T]) Recv(t *world.Task) (T, error) {
	t.Point(world.KindRecv, s.object)
	if v, state, err := s.tryRecv(); state != Empty {
		return v, err
	}
	op := s.Receiving()
	t.Await(op)
	return op.Result()
}

// TryRecv returns the next value if there is one now. With a *Lagged the state is Got, for there is
// more to receive; with ErrClosed it is Ended.
func (s *Subscription[T]) TryRecv(t *world.Task) (T, RecvState, error) {
	t.Point(world.KindRecv, s.object)
	return s.tryRecv()
}

// Drop ends the subscription: it receives nothing more.
func (s *Subscription[T]) Drop(t *world.Task) {
	t.Point(world.KindClose, s.object)
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	s.dropped = true
}

func (s *Subscription[T]) tryRecv() (T, RecvState, error) {
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	return s.take()
}

// take is called under the lock.
func (s *Subscription[T]) take() (v T, state RecvState, err error) {
	b := s.b
	switch {
	case s.dropped:
		return v, Ended, ErrClosed
	case b.sent-s.next > b.keeps:
		missed := b.sent - s.next - b.keeps
		s.next += missed
		return v, Got, &Lagged{Missed: int(missed)}
	case s.next < b.sent:
		v = b.kept[s.next%b.keeps]
		s.next++
		return v, Got, nil
	case b.closed:
		return v, Ended, ErrClosed
	}
	return v, Empty, nil
}

// A Listening is a Subscription's Recv for a Select. It can be used again.
type Listening[T any] struct {
	s   *Subscription[T]
	v   T
	err error
}

// Receiving returns a receive that has not begun.
func (s *Subscription[T]) Receiving() *Listening[T] { return &Listening[T]{s: s, err: ErrClosed} }

// Result returns what a completed receive got, once, as Recv does.
func (l *Listening[T]) Result() (T, error) {
	var zero T
	v, err := l.v, l.err
	l.v, l.err = zero, ErrClosed
	return v, err
}

// Try implements world.Tryable.
func (l *Listening[T]) Try() bool {
	l.s.b.mu.Lock()
	defer l.s.b.mu.Unlock()
	return l.take()
}

func (l *Listening[T]) take() bool {
	v, state, err := l.s.take()
	if state == Empty {
		return false
	}
	l.v, l.err = v, err
	return true
}

// Poll implements world.Awaitable.
func (l *Listening[T]) Poll(w *world.Waiter) bool {
	l.s.b.mu.Lock()
	defer l.s.b.mu.Unlock()
	if l.take() {
		l.s.b.waiters.Remove(w)
		return true
	}
	l.s.b.waiters.Push(w)
	return false
}

// Withdraw implements world.Awaitable. Everybody is woken, so there is nothing to pass on.
func (l *Listening[T]) Withdraw(w *world.Waiter) {
	l.s.b.mu.Lock()
	defer l.s.b.mu.Unlock()
	l.s.b.waiters.Remove(w)
}

// Waits implements world.Awaitable.
func (l *Listening[T]) Waits() (world.Kind, *world.Object) { return world.KindRecv, l.s.object }
