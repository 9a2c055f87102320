package coldstore

import (
	"testing"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
)

// A cache of three: what was used last stays, and a truncation takes out its own height, too.
func TestCache(t *testing.T) {
	w := world.NewReal(world.Options{})
	defer w.Close()
	done := make(chan struct{})
	w.Go(world.Harness, "test", func(task *world.Task) {
		defer close(done)
		c := newCache(w, 3)
		holds := func(when string, heights ...int64) {
			if len(c.at) != len(heights) {
				t.Errorf("%s the cache holds %d blocks, not %d", when, len(c.at), len(heights))
			}
			for _, h := range heights {
				if e := c.at[h]; e == nil || e.id != ledger.MsgID(h) {
					t.Errorf("%s the cache does not hold block %d", when, h)
				}
			}
		}
		for h := range int64(3) {
			c.put(task, h+1, ledger.MsgID(h+1))
		}
		if id, ok := c.get(task, 1); !ok || id != 1 {
			t.Errorf("block 1 is %d, %v", id, ok)
		}
		c.put(task, 4, 4)
		holds("full,", 1, 3, 4)
		c.put(task, 4, 5)
		holds("given a block twice,", 1, 3, 4)
		c.drop(task, 3)
		holds("truncated,", 1)
		if _, ok := c.get(task, 3); ok {
			t.Error("a block of the height that was truncated is found")
		}
		c.put(task, 2, 2)
		c.put(task, 3, 3)
		c.put(task, 4, 4)
		holds("filled again,", 2, 3, 4)
	})
	<-done
}
