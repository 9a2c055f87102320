package main

import (
	"slices"

	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/internal/discover"
)

// addFound adds what a look around has found beside requests of HTTP/1.1.
func (w *probeFlags) addFound(add func(client string, clients int, more func(m *mapping))) {
	for _, o := range w.found {
		switch o.As {
		case discover.Events:
			add("sse", 2, func(m *mapping) { paced(m); m.text("path", o.Path) })
		case discover.HTTP2:
			add("http2", 4, func(m *mapping) { paced(m); m.text("path", o.Path); known(m, o) })
		case discover.Call:
			add(grpcOp, 4, func(m *mapping) { paced(m); m.text("call", o.Path); known(m, o) })
		case discover.Socket:
			add("websocket", 2, func(m *mapping) { m.text("path", o.Path) })
		}
	}
}

// grpcOp is the client that calls by gRPC.
const grpcOp = "grpc"

// known says what a good answer of a found place has that has no other.
func known(m *mapping, o discover.Offer) {
	if o.Status != 0 {
		m.put("status", words([]string{"200", extern.StatusName(o.Status)}))
	}
}

// asksHealth says whether the program is asked for its health before it counts as ready.
func (w *probeFlags) asksHealth() bool {
	return len(w.calls) > 0 || slices.ContainsFunc(w.found, func(o discover.Offer) bool { return o.As == discover.Call && o.Status == 0 })
}
