package prim

import "github.com/racebench/racebench/engine/world"

// A Queue is tokio's mpsc channel. A slot is taken before a value is sent into it, so a sender can hold
// a permit; the receiving side can close it, which keeps what is inside; and it can be dropped, which
// discards what is inside. Several tasks may receive from it.
type Queue[T any] struct {
	object   *world.Object
	capacity int

	mu    guard
	items ring[T]
	// reserved counts the slots of permits that were not used yet, and of senders that were granted one
	// and have not run since. While a slot is free nobody waits in senders.
	reserved  int
	high      int
	closed    bool
	dropped   bool
	hook      func(T)
	senders   world.WaitList
	receivers world.WaitList
	source    *source[T] // of the merge it is in

	// The first of each that is asked for: most queues are received from by one task, reserved in by one, and
	// added to one merge.
	receiving Receiving[T]
	reserving Reserving[T]
	place     source[T]
}

// NewQueue returns an open queue for capacity values; 0 is unbounded.
func NewQueue[T any](w *world.World, name string, capacity int) *Queue[T] {
	return &Queue[T]{object: w.NewObject(name), mu: newGuard(w), capacity: capacity}
}

// Send waits for room, in the order senders asked for it, and puts v in. It returns ErrClosed when the
// queue was closed before room came.
func (q *Queue[T]) Send(t *world.Task, v T) error {
	t.Point(world.KindSend, q.object)
	if err := q.trySend(v); err != ErrFull {
		return err
	}
	op := &sending[T]{q: q, v: v, err: ErrClosed}
	t.Await(op)
	return op.err
}

// TrySend puts v in if there is room for it now. It returns ErrFull or ErrClosed.
func (q *Queue[T]) TrySend(t *world.Task, v T) error {
	t.Point(world.KindSend, q.object)
	return q.trySend(v)
}

func (q *Queue[T]) trySend(v T) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrClosed
	}
	if !q.room() {
		return ErrFull
	}
	q.put(v)
	return nil
}

// Reserve waits for room as Send does and takes a slot.
func (q *Queue[T]) Reserve(t *world.Task) (Permit[T], error) {
	t.Point(world.KindReserve, q.object)
	if permit, err := q.tryReserve(); err != ErrFull {
		return permit, err
	}
	op := q.Reserving()
	t.Await(op)
	return op.Result()
}

func (q *Queue[T]) tryReserve() (Permit[T], error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return Permit[T]{}, ErrClosed
	}
	if !q.room() {
		return Permit[T]{}, ErrFull
	}
	q.reserved++
	return Permit[T]{q}, nil
}

// Recv waits for a value. It returns false only when the queue is closed, empty, and no permit is
// outstanding.
func (q *Queue[T]) Recv(t *world.Task) (T, bool) {
	t.Point(world.KindRecv, q.object)
	if v, state := q.tryRecv(); state != Empty {
		return v, state == Got
	}
	op := q.Receiving()
	t.Await(op)
	return op.Result()
}

// TryRecv returns a value if there is one now.
func (q *Queue[T]) TryRecv(t *world.Task) (T, RecvState) {
	t.Point(world.KindRecv, q.object)
	return q.tryRecv()
}

func (q *Queue[T]) tryRecv() (T, RecvState) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.take()
}

// Close closes the queue from the receiving side. Whoever waits for room gets ErrClosed, also one that
// had been granted a slot and has not run since; values inside and permits stay.
func (q *Queue[T]) Close(t *world.Task) {
	t.Point(world.KindClose, q.object)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.close()
}

// Drop says that nobody will receive again. It closes the queue and discards every value in it, in
// order, and every value that a permit still sends. A discarded value is passed to hook, on the task
// that discards it; nil is no hook. Later calls do nothing.
func (q *Queue[T]) Drop(t *world.Task, hook func(T)) {
	t.Point(world.KindClose, q.object)
	items := q.drop(hook)
	for items.len() > 0 {
		v := items.pop()
		if hook != nil {
			hook(v)
		}
	}
}

func (q *Queue[T]) drop(hook func(T)) (items ring[T]) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.dropped {
		return items
	}
	items, q.items = q.items, items
	q.dropped, q.hook = true, hook
	q.close()
	return items
}

// Len returns how many values are inside. It is not a visible operation.
func (q *Queue[T]) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.items.len()
}

// Cap returns how many values fit; 0 is unbounded.
func (q *Queue[T]) Cap() int { return q.capacity }

// Closed says whether the queue was closed or dropped.
func (q *Queue[T]) Closed(t *world.Task) bool {
	t.Point(world.KindLoad, q.object)
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}

// High returns the most values that were ever inside at once. It is not a visible operation.
func (q *Queue[T]) High() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.high
}

// Outstanding returns how many slots are taken and not filled yet. It is not a visible operation.
func (q *Queue[T]) Outstanding() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.reserved
}

// Each calls f with what is inside, in order, for an inventory. It is not a visible operation, and f
// may use the queue.
func (q *Queue[T]) Each(f func(T)) {
	for _, v := range q.snapshot() {
		f(v)
	}
}

func (q *Queue[T]) snapshot() []T {
	q.mu.Lock()
	defer q.mu.Unlock()
	inside := make([]T, q.items.len())
	for i := range inside {
		inside[i] = q.items.at(i)
	}
	return inside
}

// What follows is called under the lock.

func (q *Queue[T]) room() bool {
	return q.capacity == 0 || q.items.len()+q.reserved < q.capacity
}

func (q *Queue[T]) ended() bool {
	return q.closed && q.items.len() == 0 && (q.reserved == 0 || q.dropped)
}

func (q *Queue[T]) put(v T) {
	q.items.push(v)
	q.high = max(q.high, q.items.len())
	q.wakeReceiver()
	if q.source != nil {
		q.source.raise()
	}
}

func (q *Queue[T]) take() (v T, state RecvState) {
	if q.items.len() == 0 {
		if q.ended() {
			return v, Ended
		}
		return v, Empty
	}
	v = q.items.pop()
	q.freed()
	return v, Got
}

// freed passes a slot that has become free to the sender that waits longest, so that no later one can
// snatch it. When it was the last thing that kept the queue from its end, the receivers hear of it.
func (q *Queue[T]) freed() {
	if w := q.senders.Pop(); w != nil {
		q.reserved++
		w.Wake()
	}
	if q.ended() {
		q.receivers.WakeAll()
	}
}

// giveBack frees a reserved slot without a value. The receivers hear of it also where a sender gives up a
// slot it had waited for; tokio's slept on there until its pull request 8260.
func (q *Queue[T]) giveBack() {
	q.reserved--
	q.freed()
	if q.ended() && q.source != nil {
		q.source.raise()
	}
}

func (q *Queue[T]) close() {
	q.closed = true
	// They are not marked as granted, which would mean a slot.
	for w := q.senders.Front(); w != nil; w = q.senders.Front() {
		q.senders.Remove(w)
		w.Wake()
	}
	if q.ended() {
		q.receivers.WakeAll()
	}
}

func (q *Queue[T]) wakeReceiver() {
	if w := q.receivers.Pop(); w != nil {
		w.Wake()
	}
}
