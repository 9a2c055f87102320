package targets

import (
	"time"

	"github.com/racebench/racebench/engine/ledger"
)

// A StoreProbe is a Probe that also takes what judges of stores ask for. The harness's own probe is one.
// It is safe for any task and never blocks.
type StoreProbe interface {
	// AccessBegan records that the backend is about to be touched and returns the use's number; the time is
	// filled in. AccessEnded records that the use of that number is over.
	AccessBegan(a ledger.Access) (number uint64)
	AccessEnded(number uint64)
	// Value records what an operation has read or is about to write.
	Value(v ledger.Value)
	// Claim records a bound that the server sets itself: one of ledger's claims, for an op or for all.
	Claim(what, op string, within time.Duration)
	// Waited records for how much of a call's time nobody in a simulated world could go on.
	Waited(m ledger.MsgID, d time.Duration)
	// Held records for how long a client certainly held one of what is bounded, by its own books.
	Held(h Holding)
}

// A Holding is one of what is bounded, in a client's hands.
type Holding struct {
	Msg      ledger.MsgID
	What, Of string // what it is, and whose: those of one name share the bound
	Bound    int64
	From, To time.Duration
}

// StoreProbeOf returns a probe as a StoreProbe; one that is none takes the rest and keeps nothing of it.
func StoreProbeOf(p Probe) StoreProbe {
	if s, ok := p.(StoreProbe); ok {
		return s
	}
	return noStore{}
}

type noStore struct{}

func (noStore) AccessBegan(ledger.Access) uint64    { return 0 }
func (noStore) AccessEnded(uint64)                  {}
func (noStore) Value(ledger.Value)                  {}
func (noStore) Claim(string, string, time.Duration) {}
func (noStore) Waited(ledger.MsgID, time.Duration)  {}
func (noStore) Held(Holding)                        {}
