// Package cache is a cache that writes back what was put into it before it closes.
package cache

import "sync"

// A Cache keeps values until they are written back.
type Cache struct {
	mu     sync.Mutex
	dirty  map[string]int
	Store  map[string]int
	closed bool
}

// New returns an empty cache.
func New() *Cache { return &Cache{dirty: map[string]int{}, Store: map[string]int{}} }

// Put accepts a value; false when the cache is closed.
func (c *Cache) Put(key string, value int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.dirty[key] = value
	return true
}

func (c *Cache) writeBack() {
	for key, value := range c.dirty {
		c.Store[key] = value
	}
	clear(c.dirty)
}

// Close writes back and closes. The bug: between the two a value is accepted that nobody writes back.
func (c *Cache) Close() {
	c.mu.Lock()
	c.writeBack()
	c.mu.Unlock()
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
}

// CloseAtOnce is the twin that is right: nothing is accepted between the two.
func (c *Cache) CloseAtOnce() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writeBack()
	c.closed = true
}
