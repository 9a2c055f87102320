package external

import (
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
)

// A turn is a request of a client that was answered well after the signal.
type turn struct {
	port  int
	began time.Duration
}

// answers notes that a request was answered well. Two on one connection after the signal show that the program goes on
// serving it.
func (d *dialer) answers(w ledger.Wire, began time.Duration) {
	if sent := d.s.sent.Load(); sent == 0 || began < time.Duration(sent) {
		return
	}
	before := d.last
	d.last = turn{w.Port, began}
	if w.Conn != extern.ConnReused || before.port != w.Port {
		return
	}
	for {
		known := d.s.serving.Load()
		if known >= int64(before.began) || d.s.serving.CompareAndSwap(known, int64(before.began)) {
			return
		}
	}
}
