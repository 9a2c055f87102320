package prim

import "github.com/racebench/racebench/engine/world"

// A Tracker counts the tasks that were started through it. Waiting for it needs two things: that it was
// closed and that none of its tasks is left. Closing it refuses nothing.
type Tracker struct {
	object *world.Object

	mu      guard
	count   int
	closed  bool
	rests   uint64 // how often it has come to be closed and empty
	waiters world.WaitList
}

// NewTracker returns an open tracker of no tasks.
func NewTracker(w *world.World, name string) *Tracker {
	return &Tracker{object: w.NewObject(name), mu: newGuard(w)}
}

// Go starts a task of t's realm and counts it from before it starts until its body has returned,
// panicked or been aborted. It may be called after Close.
func (k *Tracker) Go(t *world.Task, name string, body func(t *world.Task)) *world.Task {
	t.Point(world.KindStore, k.object)
	k.mu.Lock()
	k.count++
	k.mu.Unlock()
	return t.Go(name, func(t *world.Task) {
		t.AtEnd(k.leave)
		body(t)
	})
}

func (k *Tracker) leave(t *world.Task) {
	t.Point(world.KindStore, k.object)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.count--
	k.settle()
}

// Close lets waits return once the tracker is empty.
func (k *Tracker) Close(t *world.Task) {
	t.Point(world.KindClose, k.object)
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.closed {
		k.closed = true
		k.settle()
	}
}

// Reopen makes waits need another Close.
func (k *Tracker) Reopen(t *world.Task) {
	t.Point(world.KindStore, k.object)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = false
}

// settle is called under the lock.
func (k *Tracker) settle() {
	if k.closed && k.count == 0 {
		k.rests++
		k.waiters.WakeAll()
	}
}

// Wait returns when the tracker is closed and empty, or has been since the call.
func (k *Tracker) Wait(t *world.Task) { t.Await(k.Waiting()) }

// Waiting is a Wait for a Select. It counts from now.
func (k *Tracker) Waiting() world.Awaitable {
	k.mu.Lock()
	defer k.mu.Unlock()
	return &tracked{k: k, rests: k.rests}
}

// Len returns how many tasks are counted. It is not a visible operation.
func (k *Tracker) Len() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.count
}

type tracked struct {
	k     *Tracker
	rests uint64 // when it was made
}

func (x *tracked) done() bool {
	return x.rests != x.k.rests || x.k.closed && x.k.count == 0
}

func (x *tracked) Try() bool {
	x.k.mu.Lock()
	defer x.k.mu.Unlock()
	return x.done()
}

func (x *tracked) Poll(w *world.Waiter) bool {
	x.k.mu.Lock()
	defer x.k.mu.Unlock()
	if x.done() {
		return true
	}
	x.k.waiters.Push(w)
	return false
}

func (x *tracked) Withdraw(w *world.Waiter) {
	x.k.mu.Lock()
	defer x.k.mu.Unlock()
	x.k.waiters.Remove(w)
}

func (x *tracked) Waits() (world.Kind, *world.Object) { return world.KindWait, x.k.object }
