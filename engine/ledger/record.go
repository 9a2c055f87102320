package ledger

import "time"

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
	NoCause Cause = iota
	Closed
	Timeout
	Overloaded
	Cancelled
	OtherCause
)

// A Name is an interned text of one ledger. Zero is the empty text.
type Name uint32

// Kind is the type of a record. Unknown kinds are skipped by readers.
type Kind uint8

// The kinds of records.
const (
	KindNone      Kind = iota
	KindText           // a Name and its text, over as many slots as it needs
	KindLane           // a lane's description: who wrote it
	KindOp             // an operation, written at its begin and completed in place at its end
	KindDeliver        // a message reached a subscriber, whose handler has returned
	KindSubscribe      // a subscriber counts from now on; or no longer
	KindDiscard        // a message left the server undelivered, or was still in it at the end
	KindReturned       // a message was given back to its owner
	KindGauge          // a gauge's value
	KindSignal         // a signal was sent, or taken by the target
	KindDrain          // the drain began or ended
	KindWindow         // what happened at a named window over the whole trial
	KindPanic          // a task panicked
	KindTask           // a task that was alive at the end
	KindPhase          // a process of the trial began or ended
	KindMark           // a remark for the reader of a report
	KindLoad           // what a client's load shape asked for: late and unsent starts
	KindWire           // a request, or a connection, to a program from outside
	KindProcess        // what became of such a program
	KindOwner          // somebody took, used, refused or gave up what one at a time may own
	KindAudit          // what a fresh process found when it reopened what the server had left behind
	KindAccess         // a use of the backend began or ended
	KindValue          // what an operation has read or written
	KindClaim          // a bound that the server sets itself
	KindWaited         // how long a call had to wait in a simulated world
)

// An Op is one operation of one client.
type Op struct {
	Msg      MsgID
	Topic    uint8
	Size     int64
	Intended time.Duration // when the load shape wanted it to start
	Began    time.Duration
	Ended    time.Duration // 0 while open
	Outcome  Outcome
	Cause    Cause
}

// A Delivery is one message seen by one subscriber, after its handler returned.
type Delivery struct {
	Msg MsgID
	At  time.Duration
}

// A Subscription is the time a lane counts as a subscriber.
type Subscription struct {
	Lane   int
	Topics uint64 // a bit a topic
	From   time.Duration
	Until  time.Duration // 0: to the end
	// Policy says that the server's overflow policy ended it; Draining that the server had begun its
	// drain when it decided so.
	Policy, Draining bool
}

// A Discard is a message that left the server undelivered, or was found in it at the end.
type Discard struct {
	Msg      MsgID
	Lane     int  // the subscriber it was meant for; -1 for all
	Station  Name // where it was, e.g. "stage1", "mailbox"
	Cause    Name // why nobody got it, e.g. "broker-stopped-reading"
	Where    Name // the very queue, for people: "mailbox of laggards-3"
	Policy   bool // the overflow policy's decision
	Draining bool // the server had begun its drain when this was decided
	At       time.Duration
}

// StallGauge is the name under which a trial records for how many nanoseconds its process did not run
// between the strike and the drain's end: the machine's doing, not the server's.
const StallGauge = "racebench stalled"

// StallBeforeGauge is the same of the time before the strike.
const StallBeforeGauge = "racebench stalled before"

// MemoryGauge is the name under which a trial records the largest resident size of its process, in bytes:
// server, clients and the ledger's pages together.
const MemoryGauge = "racebench memory"

// ThreadsGauge and DescriptorsGauge are the names under which the threads and the open descriptors of a program
// from outside are recorded now and then, all its processes together; its memory, too.
const (
	ThreadsGauge     = "racebench threads"
	DescriptorsGauge = "racebench descriptors"
)

// BytesOf after a gauge's name is the name of the gauge that holds the bytes of what the first one counts.
const BytesOf = " bytes"

// A Gauge is a sampled value of a counter. Bound is the most it may be; 0 is no bound. Final marks the
// value after the drain.
type Gauge struct {
	Name  Name
	Value int64
	Bound int64
	Final bool
	At    time.Duration
}

// A Signal is a signal sent to the server, or the moment the server took it.
type Signal struct {
	Number  int
	Taken   bool
	Power   bool          // the power was cut with it
	Planned time.Duration // sent only: when the plan wanted it
	At      time.Duration
}

// DrainEnd says how a drain ended.
type DrainEnd uint8

// The ways a drain ends.
const (
	DrainReturned DrainEnd = iota + 1 // the server stopped by itself
	DrainDeadline                     // the server's own deadline ended it
	DrainFailed                       // the server stopped and returned an error
)

// A Drain is the server's way from the signal to its end.
type Drain struct {
	Began time.Duration
	Ended time.Duration // 0: it did not end
	How   DrainEnd
	Left  int64 // what the server itself says it left undelivered
	Error Name
}

// A Window is what happened at one armed window.
type Window struct {
	Name    Name
	Passed  int64 // times a task was in it
	Struck  int64 // signals that were sent while a task was in it
	Met     int64 // signals that were aimed at it and hit
	Widened bool  // it was held open
}

// A Panic is a panic on a task.
type Panic struct {
	Task, Value, Stack Name
	Target             bool // on a task of the server, not of the harness
	At                 time.Duration
}

// A Task is a task that was alive when the trial ended.
type Task struct {
	Name, Wait, Object Name
	// Holder is the task that keeps it waiting, where there is one: the one it joins, the lock's holder.
	Holder Name
	Target bool
	Parked bool
	Since  time.Duration
	// At names the stage: after the server said it had stopped, or when the drain was given up.
	AfterDrain bool
}

// A Phase is one process of the trial.
type Phase struct {
	Index  int
	Name   Name // "serve", "audit"
	Ended  bool
	Status int  // exit status; -1 when a signal ended it
	Signal int  // the signal that ended it
	Limit  bool // the parent's hard limit ended it
	Ready  bool // the target had started
	At     time.Duration
}

// A Mark is a remark for people, e.g. "broker: last read of p4's queue".
type Mark struct {
	Who, Text Name
	Count     int64
	At        time.Duration
}

// A Load is what a client's shape asked for and what became of it.
type Load struct {
	Lane    int
	Planned int64 // starts the shape gave
	Late    int64 // started more than a millisecond late through the generator's own doing
	Unsent  int64 // never started: the call before had not returned when the load ended
	Worst   time.Duration
}
