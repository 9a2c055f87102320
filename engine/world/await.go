package world

import "slices"

// An Awaitable is one thing a task can wait for: an operation that completes once. It belongs to one
// task at a time; Await and Select are its only callers.
//
// This is tokio's poll model, kept because its rules are where the bugs of the four systems live: an
// operation that loses a select is withdrawn, and what it had been given is handed on.
type Awaitable interface {
	// Poll completes the operation if it can. If it cannot, it leaves w where the operation's completion
	// will find and wake it. Polling a pending operation again is harmless.
	Poll(w *Waiter) bool
	// Withdraw gives up a pending operation, and hands on what was already granted to it.
	Withdraw(w *Waiter)
	// Waits says what a task parked in the operation waits for.
	Waits() (Kind, *Object)
}

// A Waiter stands for one pending operation of one task in a WaitList.
type Waiter struct {
	task       *Task
	next, prev *Waiter
	list       *WaitList
	// Granted is set, under the lock that guards the list, by whoever completes the operation on the
	// waiter's behalf (a permit handed over, a wake-up addressed to it).
	Granted bool
	// Units is how much the waiter asks for, for lists that count (semaphores).
	Units int
}

// Queued says whether the waiter stands in a list. Guarded by the lock that guards the list.
func (w *Waiter) Queued() bool { return w.list != nil }

// Wake lets the waiter's task poll again. Any task may call it.
func (w *Waiter) Wake() { w.task.unpark() }

// A WaitList is a first-in, first-out list of waiters. The owner's lock guards it. The zero value is
// empty.
type WaitList struct{ head, tail *Waiter }

// Empty says whether nobody waits.
func (l *WaitList) Empty() bool { return l.head == nil }

// Front returns the waiter that came first, or nil.
func (l *WaitList) Front() *Waiter { return l.head }

// Push appends w unless it already stands in the list.
func (l *WaitList) Push(w *Waiter) {
	if w.list == l {
		return
	}
	w.list, w.prev, w.next = l, l.tail, nil
	if l.tail == nil {
		l.head = w
	} else {
		l.tail.next = w
	}
	l.tail = w
}

// Remove takes w out and says whether it stood in the list.
func (l *WaitList) Remove(w *Waiter) bool {
	if w.list != l {
		return false
	}
	if w.prev == nil {
		l.head = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		l.tail = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.list, w.prev, w.next = nil, nil, nil
	return true
}

// Pop takes out the waiter that came first and marks it granted; the caller wakes it. It returns nil
// when nobody waits.
func (l *WaitList) Pop() *Waiter {
	w := l.head
	if w != nil {
		l.Remove(w)
		w.Granted = true
	}
	return w
}

// WakeAll empties the list, granting and waking every waiter in order.
func (l *WaitList) WakeAll() {
	for w := l.Pop(); w != nil; w = l.Pop() {
		w.Wake()
	}
}

// Await blocks until a has completed. It is an await point: an aborted task unwinds here.
func (t *Task) Await(a Awaitable) {
	kind, obj := a.Waits()
	t.Point(kind, obj)
	if t.unwinding {
		return
	}
	w := &t.solo
	*w = Waiter{task: t}
	for !a.Poll(w) {
		t.park(kind, obj, isTimed(a))
		if t.aborted.Load() {
			a.Withdraw(w)
			t.unwind()
		}
	}
}

// Select blocks until one of the operations has completed and returns its index; the others are
// withdrawn. It is biased: where several could complete, the first one given does.
func (t *Task) Select(as ...Awaitable) int {
	t.Point(KindSelect, nil)
	if t.unwinding {
		return 0
	}
	if i := t.selectNow(as); i >= 0 {
		t.selected(as, i)
		return i
	}
	ws := t.group[:]
	if len(as) > len(ws) {
		ws = make([]Waiter, len(as))
	}
	for i := range as {
		ws[i] = Waiter{task: t}
	}
	for {
		for i, a := range as {
			if a.Poll(&ws[i]) {
				withdrawOthers(as, ws, i)
				t.selected(as, i)
				return i
			}
		}
		t.selected(as, -1)
		_, obj := as[len(as)-1].Waits()
		t.park(KindSelect, obj, slices.ContainsFunc(as, isTimed))
		if t.aborted.Load() {
			t.selected(as, -1)
			withdrawOthers(as, ws, -1)
			t.unwind()
		}
	}
}

// selected says which of a select's operations has completed, or -1.
func (t *Task) selected(as []Awaitable, arm int) {
	if t.w.sim != nil {
		t.w.sim.tellSelect(as, arm)
	}
}

// isTimed says whether time alone will complete an operation: a timer that is set, a deadline.
func isTimed(a Awaitable) bool {
	timed, ok := a.(interface{ armed() bool })
	return ok && timed.armed()
}

// A Tryable is an Awaitable that can say without a Waiter whether it completes at once. Select asks it
// first, so that a busy loop over several sources allocates nothing.
type Tryable interface{ Try() bool }

func (t *Task) selectNow(as []Awaitable) int {
	for i, a := range as {
		try, ok := a.(Tryable)
		if !ok {
			return -1
		}
		if try.Try() {
			return i
		}
	}
	return -1
}

func withdrawOthers(as []Awaitable, ws []Waiter, winner int) {
	for i, a := range as {
		if i != winner {
			a.Withdraw(&ws[i])
		}
	}
}

// unwind ends the task's body here, running its deferred calls.
func (t *Task) unwind() {
	t.unwinding = true
	panic(unwind{})
}
