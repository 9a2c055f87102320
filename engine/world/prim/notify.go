package prim

import "github.com/racebench/racebench/engine/world"

// A Notify wakes tasks. It remembers at most one NotifyOne, and no NotifyWaiters: that reaches only
// what Notified has returned before, so a task that looks at a condition first and calls Notified
// second can sleep through it.
type Notify struct {
	object *world.Object

	mu      guard
	calls   uint64 // of NotifyWaiters
	permit  bool   // a NotifyOne that found nobody; then nobody waits
	waiters world.WaitList
}

// NewNotify returns a Notify that has nothing stored.
func NewNotify(w *world.World, name string) *Notify {
	return &Notify{object: w.NewObject(name), mu: newGuard(w)}
}

// A Notified is awaited until its Notify wakes it. It stays completed.
type Notified struct {
	n     *Notify
	calls uint64 // when it was made
	begun bool   // it was awaited
	done  bool
}

// Notified returns a wait that counts from now for NotifyWaiters, whether it is awaited yet or not. For
// NotifyOne it counts from when it is awaited.
func (n *Notify) Notified() *Notified {
	n.mu.Lock()
	defer n.mu.Unlock()
	return &Notified{n: n, calls: n.calls}
}

// NotifyWaiters completes every Notified that there is and stores nothing.
func (n *Notify) NotifyWaiters(t *world.Task) {
	t.Point(world.KindNotify, n.object)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.calls++
	// They are not marked as granted, which would mean NotifyOne: that is handed on, this is not.
	for w := n.waiters.Front(); w != nil; w = n.waiters.Front() {
		n.waiters.Remove(w)
		w.Wake()
	}
}

// NotifyOne wakes the task that waits longest, or is stored for the next one that waits.
func (n *Notify) NotifyOne(t *world.Task) {
	t.Point(world.KindNotify, n.object)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.notifyOne()
}

func (n *Notify) notifyOne() {
	w := n.waiters.Pop()
	n.permit = w == nil
	if w != nil {
		w.Wake()
	}
}

// Wait makes a Notified and awaits it.
func (n *Notify) Wait(t *world.Task) {
	t.Point(world.KindWait, n.object)
	if !n.tryPermit() {
		t.Await(n.Notified())
	}
}

func (n *Notify) tryPermit() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	stored := n.permit
	n.permit = false
	return stored
}

// Try implements world.Tryable.
func (x *Notified) Try() bool {
	x.n.mu.Lock()
	defer x.n.mu.Unlock()
	return x.complete()
}

// complete is called under the lock. The order is tokio's: a wait that was never awaited takes the
// stored permit even where NotifyWaiters has reached it too; one that was, does not.
func (x *Notified) complete() bool {
	reached := x.calls != x.n.calls
	switch {
	case x.done:
	case reached && x.begun:
		x.done = true
	case x.n.permit:
		x.n.permit = false
		x.done = true
	case reached:
		x.done = true
	}
	x.begun = true
	return x.done
}

// Poll implements world.Awaitable.
func (x *Notified) Poll(w *world.Waiter) bool {
	x.n.mu.Lock()
	defer x.n.mu.Unlock()
	if w.Granted {
		x.done = true
	}
	if x.complete() {
		x.n.waiters.Remove(w)
		return true
	}
	x.n.waiters.Push(w)
	return false
}

// Withdraw implements world.Awaitable. It hands a NotifyOne on.
func (x *Notified) Withdraw(w *world.Waiter) {
	x.n.mu.Lock()
	defer x.n.mu.Unlock()
	if !x.n.waiters.Remove(w) && w.Granted {
		x.n.notifyOne()
	}
}

// Waits implements world.Awaitable.
func (x *Notified) Waits() (world.Kind, *world.Object) { return world.KindWait, x.n.object }
