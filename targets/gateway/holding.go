package gateway

import (
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// A holding is a client's book of the slot that its WebSocket holds. It certainly does so from the answer to the upgrade
// to right before the client sends what the server then answers. Whatever comes after that the server may have done
// after the session's end. A client that alone has its address holds one at most, and keeps no book.
type holding struct {
	s     *server
	of    string
	since time.Duration
}

// begin opens the book of a session that has just been let in.
func (h *holding) begin(t *world.Task, c *caller) {
	if c.s.oneAddress {
		*h = holding{s: c.s, of: c.from + " at " + c.door.String(), since: t.Now()}
	}
}

// now is the moment before something is sent.
func (h *holding) now(t *world.Task) time.Duration {
	if h.s == nil {
		return 0
	}
	return t.Now()
}

// until notes that what was sent right after a moment was answered.
func (h *holding) until(id ledger.MsgID, sent time.Duration) {
	if h.s == nil {
		return
	}
	targets.StoreProbeOf(h.s.probe).Held(targets.Holding{
		Msg: id, What: "slots", Of: h.of, Bound: int64(h.s.slots), From: h.since, To: sent,
	})
	h.since = sent
}
