package trial

import (
	"slices"
	"testing"

	"github.com/racebench/racebench/engine/ledger"
)

// Whoever cannot connect while the server serves is missing from the load, and the result says so. What a
// server that stops does with newcomers is no news, and neither are its own remarks.
func TestClientsThatCouldNotConnectAreNoted(t *testing.T) {
	e, err := ledger.ParseText("the ledger", `signal 15 sent=100ms
mark socket-1 "could not connect: 2 connections are open" at=10ms
mark socket-2 "could not connect: 2 connections are open" at=11ms
mark broker "stopped reading" at=12ms
mark socket-3 "could not connect: connection refused" at=110ms
`)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := unconnected(e), []string{"could not connect: 2 connections are open"}; !slices.Equal(got, want) {
		t.Errorf("noted is %q, want %q", got, want)
	}
}
