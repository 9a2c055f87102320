package external

import (
	"encoding/json"
	"io"
	"net"

	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/world"
)

// Lend tells whoever waits at a socket where the program listens, and returns when they hang up or the program has ended.
func (s *instance) Lend(t *world.Task, to string) {
	t.Blocking(s.w.NewObject("who asks the program"), func() { s.lend(to) })
}

func (s *instance) lend(to string) {
	conn, err := net.Dial("unix", to)
	if err != nil {
		s.h.Probe.Mark("racebench", "the program could not be lent: "+err.Error(), 0)
		return
	}
	defer func() { _ = conn.Close() }()
	back := make(chan struct{})
	defer close(back)
	go func() {
		select {
		case <-s.p.exited:
			_ = conn.Close()
		case <-back:
		}
	}()
	if err := json.NewEncoder(conn).Encode(extern.Lent{Address: s.p.address.dial(), TLS: s.p.address.tls}); err == nil {
		_, _ = io.Copy(io.Discard, conn)
	}
}
