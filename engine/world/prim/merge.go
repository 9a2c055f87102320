package prim

import (
	"slices"

	"github.com/racebench/racebench/engine/world"
)

// A Merge receives from several queues as futures' SelectAll does: it looks only at sources whose flag
// is up, and takes the flag down before it looks. What raises a flag is what wakes a tokio receiver: a
// value that is sent, and a permit whose release ends a closed queue. Closing a source raises nothing.
// So a merge that has once found a source empty never learns that it was closed, and never ends.
//
// A source is looked at once when it is added, and again after every value it gave. A queue is in one
// merge at a time.
type Merge[T any] struct {
	object *world.Object

	mu          guard
	sources     []*source[T] // not seen to end, as they were added
	first, last *source[T]   // whose flag is up, as they were raised
	waiters     world.WaitList

	receiving Merging[T] // the first that is asked for
}

// A source is a queue in a merge. The merge's lock guards it.
type source[T any] struct {
	m     *Merge[T]
	q     *Queue[T]
	ready bool
	gone  bool // seen to end, or taken out
	next  *source[T]
}

// NewMerge returns a merge of no queues, which has ended.
func NewMerge[T any](w *world.World, name string) *Merge[T] {
	return &Merge[T]{object: w.NewObject(name), mu: newGuard(w)}
}

// Add makes q one of the merge's sources.
func (m *Merge[T]) Add(t *world.Task, q *Queue[T]) {
	t.Point(world.KindStore, m.object)
	q.mu.Lock()
	defer q.mu.Unlock()
	s := &q.place
	if s.m != nil {
		s = &source[T]{} // the merge it was in before may hold on to the first
	}
	s.m, s.q, q.source = m, q, s
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sources = append(m.sources, s)
	m.raise(s)
}

// Recv waits for a value of any source, taking turns among those whose flag is up. It returns false
// when every source was seen to end.
func (m *Merge[T]) Recv(t *world.Task) (T, bool) {
	t.Point(world.KindRecv, m.object)
	if v, state := m.look(nil); state != Empty {
		return v, state == Got
	}
	op := m.Receiving()
	t.Await(op)
	return op.Result()
}

// TryRecv looks once at every source whose flag is up, until one gives a value.
func (m *Merge[T]) TryRecv(t *world.Task) (T, RecvState) {
	t.Point(world.KindRecv, m.object)
	return m.look(nil)
}

// Sources returns the queues that were not seen to end, in the order they were added. It is not a
// visible operation.
func (m *Merge[T]) Sources() []*Queue[T] {
	m.mu.Lock()
	defer m.mu.Unlock()
	queues := make([]*Queue[T], len(m.sources))
	for i, s := range m.sources {
		queues[i] = s.q
	}
	return queues
}

// Take empties the merge and returns what Sources would have. A value in a queue stays there.
func (m *Merge[T]) Take(t *world.Task) []*Queue[T] {
	t.Point(world.KindStore, m.object)
	queues := m.Sources()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.sources {
		s.gone = true // the queue may still raise it
	}
	m.sources, m.first, m.last = nil, nil, nil
	m.waiters.WakeAll()
	return queues
}

// raise is called by the queue, under its lock: a merge never locks a queue while it holds its own.
func (s *source[T]) raise() {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	s.m.raise(s)
}

// What follows up to look is called under the lock.

func (m *Merge[T]) raise(s *source[T]) {
	if s.ready || s.gone {
		return
	}
	s.ready = true
	if m.last == nil {
		m.first = s
	} else {
		m.last.next = s
	}
	m.last = s
	m.wakeOne()
}

func (m *Merge[T]) lower() *source[T] {
	s := m.first
	m.first, s.next, s.ready = s.next, nil, false
	if m.first == nil {
		m.last = nil
	}
	return s
}

func (m *Merge[T]) wakeOne() {
	if w := m.waiters.Pop(); w != nil {
		w.Wake()
	}
}

func (m *Merge[T]) remove(s *source[T]) {
	s.gone = true
	if i := slices.Index(m.sources, s); i >= 0 {
		m.sources = slices.Delete(m.sources, i, i+1)
	}
	if len(m.sources) == 0 {
		m.waiters.WakeAll()
	}
}

// look returns the next value. Finding none it leaves w, if there is one, to be woken by a flag.
func (m *Merge[T]) look(w *world.Waiter) (v T, state RecvState) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.first != nil {
		s := m.lower()
		m.mu.Unlock()
		v, state = s.q.tryRecv()
		m.mu.Lock()
		switch state {
		case Got:
			m.leave(w)
			m.raise(s)
			m.wakeOne() // w may have used up a wake-up that was another's
			return v, Got
		case Ended:
			m.remove(s)
		}
	}
	if len(m.sources) == 0 {
		m.leave(w)
		return v, Ended
	}
	if w != nil {
		m.waiters.Push(w)
	}
	return v, Empty
}

func (m *Merge[T]) leave(w *world.Waiter) {
	if w != nil {
		m.waiters.Remove(w)
	}
}

// A Merging is a Merge's Recv for a Select. It can be used again.
type Merging[T any] struct {
	m  *Merge[T]
	v  T
	ok bool
}

// Receiving returns a receive that has not begun.
func (m *Merge[T]) Receiving() *Merging[T] {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &m.receiving
	if r.m != nil {
		r = &Merging[T]{}
	}
	r.m = m
	return r
}

// Result returns what a completed receive got, once, as Recv does.
func (r *Merging[T]) Result() (T, bool) {
	var zero T
	v, ok := r.v, r.ok
	r.v, r.ok = zero, false
	return v, ok
}

// Try implements world.Tryable.
func (r *Merging[T]) Try() bool { return r.look(nil) }

// Poll implements world.Awaitable.
func (r *Merging[T]) Poll(w *world.Waiter) bool {
	return r.look(w)
}

func (r *Merging[T]) look(w *world.Waiter) bool {
	v, state := r.m.look(w)
	r.v, r.ok = v, state == Got
	return state != Empty
}

// Withdraw implements world.Awaitable. It passes the wake-up on.
func (r *Merging[T]) Withdraw(w *world.Waiter) {
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	if !r.m.waiters.Remove(w) && w.Granted && r.m.first != nil {
		r.m.wakeOne()
	}
}

// Waits implements world.Awaitable.
func (r *Merging[T]) Waits() (world.Kind, *world.Object) { return world.KindRecv, r.m.object }
