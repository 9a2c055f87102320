package world

import "sync/atomic"

// A Mutex is a lock held across await points. It is fair: whoever asked first gets it, as with tokio's,
// because a lock taken as a join decides a race by exactly that order.
type Mutex struct {
	object  *Object
	mu      guard
	locked  bool
	waiters WaitList
}

// NewMutex returns an unlocked mutex.
func (w *World) NewMutex(name string) *Mutex {
	m := take(w, func(m *memory) *slab[Mutex] { return &m.mutexes })
	m.object, m.mu = w.NewObject(name), w.newGuard()
	return m
}

// Lock waits for the lock and takes it.
func (m *Mutex) Lock(t *Task) { t.Await(m) }

// Unlock hands the lock to whoever waits longest, or leaves it free.
func (m *Mutex) Unlock(t *Task) {
	t.Point(KindUnlock, m.object)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.handOn()
}

func (m *Mutex) handOn() {
	next := m.waiters.Pop()
	m.locked = next != nil
	if next == nil {
		m.object.holder.Store(nil)
		return
	}
	m.object.holder.Store(next.task)
	next.Wake()
}

// Poll implements Awaitable.
func (m *Mutex) Poll(w *Waiter) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if w.Granted {
		return true
	}
	if !m.locked {
		m.locked = true
		m.object.holder.Store(w.task)
		return true
	}
	m.waiters.Push(w)
	return false
}

// Withdraw implements Awaitable.
func (m *Mutex) Withdraw(w *Waiter) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.waiters.Remove(w) && w.Granted {
		m.handOn()
	}
}

// Waits implements Awaitable.
func (m *Mutex) Waits() (Kind, *Object) { return KindLock, m.object }

// An Atomic is an integer whose every access is a visible operation. Accesses are sequentially
// consistent; weaker orders cannot be expressed in Go.
type Atomic struct {
	object *Object
	v      atomic.Int64
}

// NewAtomic returns an atomic that holds v.
func (w *World) NewAtomic(name string, v int64) *Atomic {
	a := take(w, func(m *memory) *slab[Atomic] { return &m.atomics })
	a.object = w.NewObject(name)
	a.object.tells, a.object.value = true, &a.v
	a.v.Store(v)
	return a
}

// Load returns the value.
func (a *Atomic) Load(t *Task) int64 {
	t.Point(KindLoad, a.object)
	return a.v.Load()
}

// Peek returns the value for an inventory. It is not a visible operation, so a server must decide nothing by it.
func (a *Atomic) Peek() int64 { return a.v.Load() }

// Store sets the value.
func (a *Atomic) Store(t *Task, v int64) {
	t.Point(KindStore, a.object)
	if a.v.Swap(v) != v {
		t.w.changed()
	}
}

// Add adds d and returns the new value.
func (a *Atomic) Add(t *Task, d int64) int64 {
	t.Point(KindStore, a.object)
	if d != 0 {
		t.w.changed()
	}
	return a.v.Add(d)
}

// CompareAndSwap sets the value to new if it is old, and says whether it was.
func (a *Atomic) CompareAndSwap(t *Task, old, new int64) bool {
	t.Point(KindStore, a.object)
	swapped := a.v.CompareAndSwap(old, new)
	if swapped && old != new {
		t.w.changed()
	}
	return swapped
}
