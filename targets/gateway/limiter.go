package gateway

import (
	"time"

	"github.com/racebench/racebench/engine/world"
)

// A limiter bounds what one address may have under way, and how often it may ask. Counts are kept in a
// cache, and go from it when they are old.
type limiter struct {
	s      *server
	books  *world.Mutex
	counts map[string]*count
	inside map[string]int // by address: what is really under way, for our own books
	held   int            // the sum of all counts
	cut    world.Note     // slots that went with the process

	// For whoever takes stock.
	heldNow, high world.Note
}

// A count is what the cache knows of an address.
type count struct {
	held  int
	since time.Duration // when it was made
	asked int           // in the rate's window
	from  time.Duration // the window's begin
}

func newLimiter(s *server) *limiter {
	return &limiter{s: s, books: s.w.NewMutex("the limits"), counts: map[string]*count{}, inside: map[string]int{}}
}

// A verdict is what the limiter says of a request.
type verdict uint8

const (
	admitted verdict = iota
	limited
	tooLate // the process is at its end
)

// admit counts a request and takes a slot for it.
func (l *limiter) admit(t *world.Task, from string) verdict {
	if !l.s.lock(t, l.books) {
		return tooLate
	}
	defer l.books.Unlock(t)
	c := l.lookup(from, t.Now())
	if l.s.rate > 0 {
		if t.Now()-c.from >= l.s.rateWindow {
			c.from, c.asked = t.Now(), 0
		}
		if c.asked++; c.asked > l.s.rate {
			return limited
		}
	}
	if c.held >= l.s.slots {
		return limited
	}
	c.held++
	l.note(1)
	l.inside[from]++
	l.high.Set(max(l.high.Get(), int64(l.inside[from])))
	return admitted
}

// lookup returns the count of an address. One that is too old is made anew: in the right design only when
// nothing hangs on it.
func (l *limiter) lookup(from string, now time.Duration) *count {
	c := l.counts[from]
	if c != nil && now-c.since > l.s.ttl && (l.s.ageEvicts || c.held == 0) {
		l.note(-c.held)
		c = nil
	}
	if c == nil {
		c = &count{since: now, from: now}
		l.counts[from] = c
	}
	return c
}

func (l *limiter) note(by int) {
	l.held += by
	l.heldNow.Set(int64(l.held))
}

// release gives a slot back. Whoever calls it too often, or for a count that is gone, does not make the
// count negative. Over says that the request has ended, and is not under way any more.
func (l *limiter) release(t *world.Task, from string, over bool) {
	if !l.s.lock(t, l.books) {
		l.cut.Add(1)
		return
	}
	defer l.books.Unlock(t)
	if c := l.lookup(from, t.Now()); c.held > 0 {
		c.held--
		l.note(-1)
	}
	if over {
		l.inside[from]--
	}
}

// A slot is what a request holds of the limiter, to be given back in the recipe's way.
type slot struct {
	s        *server
	door     Door
	from     string
	released bool
}

// early gives the slot back where the design does so as soon as the answer or the upgrade is on its way.
func (k *slot) early(t *world.Task) {
	if k.s.release == twice {
		k.s.limiter.release(t, k.from, false)
	}
}

// atTail is the last statement of a handler's body.
func (k *slot) atTail(t *world.Task) {
	if k.s.release == inline {
		k.give(t)
	}
}

// drop is the handler's scope guard. A slot that is held when the process ends goes with it.
func (k *slot) drop(t *world.Task) {
	switch {
	case k.released:
	case k.s.dead.Try():
		k.released = true
		k.s.limiter.cut.Add(1)
	case k.s.release != inline:
		k.give(t)
	}
}

// give starts the task that gives the slot back: a guard cannot wait for a lock.
func (k *slot) give(t *world.Task) {
	if k.released {
		return
	}
	k.released = true
	k.s.spawnTail(t, k.door, "release of "+k.from, func(t *world.Task) { k.s.limiter.release(t, k.from, true) })
}

// spawnTail starts a task that nobody answers to any more. It belongs to the group where the design
// tracks such tasks: one that has entered already lets it in after the group was closed.
func (s *server) spawnTail(t *world.Task, door Door, name string, body func(t *world.Task)) {
	if !s.tracksTail || s.tracking == uncounted {
		s.tasks.Go(t, name, body)
		return
	}
	g := s.groups[door]
	g.count.Add(t, 1)
	s.tasks.Go(t, name, func(t *world.Task) { g.run(t, body) })
}
