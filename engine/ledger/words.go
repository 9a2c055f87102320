package ledger

import (
	"fmt"
	"strconv"

	"github.com/racebench/racebench/engine/ledger/extern"
)

// A MsgID names one operation's message for ever: the lane that sent it and its number there, from 1.
// Zero is no message.
type MsgID uint64

const seqBits = 40

// NewMsgID returns the id of message seq of a lane.
func NewMsgID(lane int, seq int64) MsgID { return MsgID(uint64(lane)<<seqBits | uint64(seq)) }

// Lane returns the lane that sent the message.
func (m MsgID) Lane() int { return int(m >> seqBits) }

// Seq returns the message's number in its lane, from 1.
func (m MsgID) Seq() int64 { return int64(m & (1<<seqBits - 1)) }

// String returns the id as lane#number.
func (m MsgID) String() string { return fmt.Sprintf("%d#%d", m.Lane(), m.Seq()) }

// An Outcome is how an operation ended, as far as its client knows. Unknown is the zero value: a call
// that did not return may have been stored, and only what was accepted can be lost.
type Outcome uint8

// The three outcomes.
const (
	Unknown Outcome = iota
	Accepted
	Refused
)

// Cause is why an operation was refused or is unknown.
type Cause uint8

// The causes that I-ERR tells apart.
const (
	_ Cause = iota // none is known
	Closed
	Timeout
	Overloaded
	Cancelled
	OtherCause
)

// DrainEnd says how a drain ended.
type DrainEnd uint8

// The ways a drain ends.
const (
	DrainReturned  DrainEnd = iota + 1 // the server stopped by itself
	DrainDeadline                      // the server's own deadline ended it
	DrainFailed                        // the server stopped and returned an error
	DrainSignalled                     // a further signal ended it
)

// Owning is one step in the life of an owner.
type Owning uint8

// The steps, recorded so that those of a correct server stand in order: Opened once the lock is taken, Wrote
// once the write is done, Released before the lock is free.
const (
	Opened      Owning = iota + 1 // it owns the log from now on
	OpenRefused                   // it was told that the log has an owner
	Wrote                         // a write or a sync of its own is done
	CloseDone                     // a call that closes the log for it has returned
	Released                      // it gives up its lock
)

// AccessKind says how a server touches its backend.
type AccessKind uint8

// The kinds of accesses.
const (
	ReadAccess     AccessKind = iota + 1 // it must not meet a write
	WriteAccess                          // it must meet nothing but snapshots
	SnapshotAccess                       // it sees a state of its own and may meet anything
)

// What servers claim.
const (
	// ClaimAnswered: every call of the op is answered within the time.
	ClaimAnswered = "answered"
	// ClaimRefused: a call that begins once the drain has is refused.
	ClaimRefused = "refused"
	// ClaimClosed: a call that begins once the drain has and is refused for that learns it within the time.
	ClaimClosed = "closed"
	// ClaimFair: others keep a call of the op waiting for no longer than the time.
	ClaimFair = "fair"
	// ClaimNoEffect: a call that is refused for its timeout has no effect.
	ClaimNoEffect = "no-effect"
	// ClaimThirdSignal: the third signal ends the drain at once.
	ClaimThirdSignal = "third-signal"
	// ClaimStreamEnds: a stream ends within the time, and at the stop, whatever its client does.
	ClaimStreamEnds = "stream-ends"
)

// The names of gauges that racebench itself records.
const (
	// StallGauge is for how many nanoseconds a trial's process did not run between the strike and the drain's
	// end: the machine's doing, not the server's.
	StallGauge = "racebench stalled"
	// StallBeforeGauge is the same of the time before the strike.
	StallBeforeGauge = "racebench stalled before"
	// MemoryGauge is the largest resident size of the trial's process, in bytes: server, clients and the
	// ledger's pages together.
	MemoryGauge = "racebench memory"
	// ThreadsGauge and DescriptorsGauge are the threads and the open descriptors of an external program, now and
	// then, all its processes together; its memory is recorded so, too.
	ThreadsGauge     = "racebench threads"
	DescriptorsGauge = "racebench descriptors"
	// BytesOf after a gauge's name is the name of the gauge that holds the bytes of what the first one counts.
	BytesOf = " bytes"
)

// The words of the text form, by value. An empty one is no value that a record may have.
var (
	outcomes      = []string{Unknown: "unknown", Accepted: "accepted", Refused: "refused"}
	causes        = []string{"no-cause", Closed: "closed", Timeout: "timeout", Overloaded: "overloaded", Cancelled: "cancelled", OtherCause: "other"}
	drainEnds     = []string{DrainReturned: "returned", DrainDeadline: "deadline", DrainFailed: "failed", DrainSignalled: "signal"}
	ownings       = []string{Opened: "opened", OpenRefused: "refused", Wrote: "wrote", CloseDone: "closed", Released: "released"}
	accessKinds   = []string{ReadAccess: "read", WriteAccess: "write", SnapshotAccess: "snapshot"}
	connKinds     = wordsOf(extern.ConnFresh)
	readings      = wordsOf(extern.ReadUnknown)
	wireEnds      = wordsOf(extern.WireOpen)
	processEvents = wordsOf(extern.ProcessStarted)
)

// String returns the outcome as people read it.
func (o Outcome) String() string { return word(outcomes, int(o)) }

// String returns the way the drain ended as people read it.
func (d DrainEnd) String() string { return word(drainEnds, int(d)) }

// String returns the step in a word.
func (o Owning) String() string { return word(ownings, int(o)) }

// String returns the kind in a word.
func (k AccessKind) String() string { return word(accessKinds, int(k)) }

func word(words []string, i int) string {
	if i < len(words) {
		return words[i]
	}
	return strconv.Itoa(i)
}

// wordsOf returns the words of a type of word, from its first value on.
func wordsOf[W interface {
	~uint8
	String() string
}](first W) []string {
	words := make([]string, first)
	for w := first; w.String() != strconv.Itoa(int(w)); w++ {
		words = append(words, w.String())
	}
	return words
}
