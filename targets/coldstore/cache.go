package coldstore

import (
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
)

// A cache keeps the blocks that were read last. A truncation takes out those from its height on; a
// reader that has looked a block up before that and puts it in after it makes it stale.
type cache struct {
	lock  *world.Mutex
	limit int // 0: nothing is kept
	at    map[int64]*entry
	head  entry // of a ring: next is the one used last
}

type entry struct {
	height     int64
	id         ledger.MsgID
	prev, next *entry
}

func newCache(w *world.World, limit int) *cache {
	c := &cache{lock: w.NewMutex("the cache"), limit: limit, at: map[int64]*entry{}}
	c.head.prev, c.head.next = &c.head, &c.head
	return c
}

func (e *entry) unlink() { e.prev.next, e.next.prev = e.next, e.prev }

// front makes e the one used last.
func (c *cache) front(e *entry) {
	e.prev, e.next = &c.head, c.head.next
	e.prev.next, e.next.prev = e, e
}

func (c *cache) get(t *world.Task, height int64) (ledger.MsgID, bool) {
	if c.limit == 0 {
		return 0, false
	}
	c.lock.Lock(t)
	defer c.lock.Unlock(t)
	e, ok := c.at[height]
	if !ok {
		return 0, false
	}
	e.unlink()
	c.front(e)
	return e.id, true
}

func (c *cache) put(t *world.Task, height int64, id ledger.MsgID) {
	if c.limit == 0 {
		return
	}
	c.lock.Lock(t)
	defer c.lock.Unlock(t)
	if _, ok := c.at[height]; ok {
		return
	}
	if len(c.at) == c.limit {
		oldest := c.head.prev
		oldest.unlink()
		delete(c.at, oldest.height)
	}
	e := &entry{height: height, id: id}
	c.at[height] = e
	c.front(e)
}

// drop takes out every block from a height on.
func (c *cache) drop(t *world.Task, from int64) {
	if c.limit == 0 {
		return
	}
	c.lock.Lock(t)
	defer c.lock.Unlock(t)
	for e := c.head.next; e != &c.head; e = e.next {
		if e.height >= from {
			e.unlink()
			delete(c.at, e.height)
		}
	}
}
