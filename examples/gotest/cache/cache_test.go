package cache

import (
	"sync"
	"testing"
)

// check closes a cache while a value is put into it. What was accepted must be in the store.
func check(t *testing.T, closing func(*Cache)) {
	c := New()
	accepted := false
	var both sync.WaitGroup
	both.Go(func() { accepted = c.Put("a", 1) })
	both.Go(func() { closing(c) })
	both.Wait()
	if _, stored := c.Store["a"]; accepted && !stored {
		t.Error("a value was accepted and is lost")
	}
}

func TestClose(t *testing.T) { check(t, (*Cache).Close) }

func TestCloseFixed(t *testing.T) { check(t, (*Cache).CloseAtOnce) }
