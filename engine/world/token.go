package world

import "time"

// A Token is cancelled once and stays so. It is awaited until then. Tokens stand for contexts, which
// would block where a simulated scheduler cannot see it.
type Token struct {
	w         *World
	object    *Object
	mu        guard
	cancelled bool
	timer     *Timer // of a deadline
	waiters   WaitList
}

// NewToken returns a token that is not cancelled.
func (w *World) NewToken(name string) *Token {
	k := take(w, func(m *memory) *slab[Token] { return &m.tokens })
	k.w, k.object, k.mu = w, w.NewObject(name), w.newGuard()
	return k
}

// NewDeadline returns a token that is cancelled d from now, or earlier by Cancel.
func (w *World) NewDeadline(name string, d time.Duration) *Token {
	k := w.NewToken(name)
	k.timer = w.NewTimer(name)
	k.timer.then = k.cancel
	k.timer.Set(d)
	return k
}

// Cancel cancels the token and wakes who waits for it.
func (k *Token) Cancel(t *Task) {
	t.Point(KindCancel, k.object)
	if k.timer != nil {
		k.timer.Stop()
	}
	k.cancel()
}

// Expire cancels the token from outside any task: it is no visible operation.
func (k *Token) Expire() { k.cancel() }

func (k *Token) cancel() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.cancelled = true
	k.w.changed()
	k.waiters.WakeAll()
}

// Cancelled says whether the token has been cancelled. It is a visible operation.
func (k *Token) Cancelled(t *Task) bool {
	t.Point(KindLoad, k.object)
	return k.Try()
}

// Try implements Tryable.
func (k *Token) Try() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.cancelled
}

// armed says whether time will cancel the token.
func (k *Token) armed() bool { return k.timer != nil && k.timer.armed() }

// Poll implements Awaitable.
func (k *Token) Poll(w *Waiter) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.cancelled {
		return true
	}
	k.waiters.Push(w)
	return false
}

// Withdraw implements Awaitable.
func (k *Token) Withdraw(w *Waiter) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.waiters.Remove(w)
}

// Waits implements Awaitable.
func (k *Token) Waits() (Kind, *Object) { return KindWait, k.object }
