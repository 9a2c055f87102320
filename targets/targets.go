// Package targets says what a server under test is: how it is started, how clients reach it, and what
// it promises. The servers themselves live in folders below.
package targets

import (
	"math/rand/v2"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/reach"
	"github.com/racebench/racebench/engine/world"
)

// Info is a name and what it means, as `racebench list` prints it.
type Info struct{ Name, Summary string }

// A Stage says in which part of a server's life a window is passed. A strike aimed at a window that is
// passed under load waits for a random moment first; the others take the first pass.
type Stage uint8

// The stages.
const (
	UnderLoad Stage = iota
	AtStart
	InDrain
)

// WindowInfo describes a named point where a race can be hit.
type WindowInfo struct {
	Name, Summary string
	Stage         Stage
}

// OpInfo describes an operation.
type OpInfo struct {
	Name, Summary string
	// Accepts says that an accepted operation of this kind is a promise that can be broken.
	Accepts bool
	// Subscribes says that clients of this op are called with messages, of the topics whose bits are set
	// in Topics.
	Subscribes bool
	Topics     uint64
	// Topic is the topic of the messages that clients of this op send.
	Topic uint8
	// Hostile says that clients of this op never do their part, so that a design without a deadline of its
	// own does not stop while there is one.
	Hostile bool
	// Emits is how many messages a subscriber's handler sends for each one it gets, as its own calls to
	// Do; nil is none. A refused one becomes the handler's error.
	Emits func(k Knobs) int
	// Done says that acceptance means that the work is done. What was accepted so cannot be given back.
	Done bool
	// Unconfirmed says that of an Auditor's operations this one is accepted before it is safe: a crash may
	// lose it, a stop that ends by itself may not.
	Unconfirmed bool
}

// A Variant is one design of the target: the reference, or one that breaches what it names.
type Variant struct {
	Name, Origin, Verdict, Summary string
	Breaches                       []string // invariants it is known to breach; empty for a correct design
	Also                           []string // invariants whose breach may follow from those
	Bugs                           []string // ids of the catalogue, docs/broker.md and its kin
}

// Host is everything the harness lends a server.
type Host struct {
	World *world.World
	Knobs Knobs
	Probe Probe
	// DrainLimit is how long the server's stop may take before it is judged late; 0 is no limit. A
	// correct server ends its own drain well within it.
	DrainLimit time.Duration
	// IdleDeadline says of a simulated world that a server's own deadline is to come only when nobody else can go on:
	// its timer is Idle, and Timely. It is drawn for half of the worlds; or few drains there would come to their own end.
	IdleDeadline bool
	// Dir is the path of a folder of the server's own: not there at first, kept through the phases of a
	// trial and taken away after them. It is empty in a simulated world, which has no files.
	Dir string
	// Reach is where clients may connect to.
	Reach reach.Rule
	// Outside is for targets that are other programs; nil in a simulated world.
	Outside Outside
	// Medium is what stands for Dir in a simulated world: what the Auditor's NewMedium has made for the
	// trial. It is nil in the real world, and for targets without an Auditor.
	Medium Medium
	// Exit ends the server's process at once with a status, as exit(2) does; nothing that is deferred
	// runs. Why is told as the panic of the calling task that led to it. It does not return.
	Exit func(t *world.Task, status int, why string)
}

// Deadline is when a correct server ends its own drain: its knob "deadline", or half the drain limit where the knob is
// 0. It is 0, no deadline, where there is no limit.
func (h Host) Deadline() time.Duration {
	if d := h.Knobs.Duration("deadline"); d > 0 {
		return d
	}
	return h.DrainLimit / 2
}

// A Medium is what a simulated server writes to and what outlives it.
type Medium any

// An Auditor reopens what a target's process has left behind: after every trial a fresh process does.
type Auditor interface {
	// NewMedium returns the empty storage of a simulated trial.
	NewMedium() Medium
	// CutPower makes what lies in h.Dir or h.Medium what is left of it when the power fails: nothing that
	// was not synced is certain, and chance decides of each such write whether it, or how much of it,
	// is there. It is called before Audit, when the server's process has ended.
	CutPower(h Host, chance *rand.Rand) error
	// Audit reopens it as the next owner would, and hands every record to each in the order in which they
	// stand there.
	Audit(t *world.Task, h Host, each func(Record)) (Recovery, error)
}

// A Record is one message that an audit has recovered. Msg is 0 for a record of the server's own.
type Record struct {
	Msg    ledger.MsgID
	Offset int64 // its place in the order of the log, counted without a gap
}

// A Recovery is what else an audit has found.
type Recovery struct {
	Torn   int64 // bytes after the last whole record that are none
	Beyond int64 // whole records that stand after such bytes
}

// An Instance is a running server.
type Instance interface {
	// Dial connects a client. The harness calls it on the client's own task, before any load.
	Dial(t *world.Task, r Role) (Client, error)
	// Wait returns when the server has stopped by itself, with the error its stop returned.
	Wait(t *world.Task) error
	// Inventory reports, after the end or the giving up of a drain, every message still inside the
	// server, through Probe.Discard, and final gauges through Probe.Gauge. It must not block.
	Inventory()
}

// A Role is what a client wants to be.
type Role struct {
	Op    string
	Lane  int    // its lane in the ledger; also the sender's part of its messages' ids
	Name  string // "laggards-3", of the load group Group, "laggards"
	Group string
	// Client is what the target's Binder has read of the load group; nil where there is none. Size is the payload of
	// the group's operations.
	Client ClientSettings
	Size   int64
	// Handle is called with every message a subscriber gets, on the server's task for that subscriber,
	// as user code in an actor is. The message counts as delivered when it has returned. A returned
	// error is the handler's, and the server's policy for it applies.
	Handle func(t *world.Task, m Message) error
}

// A PlainClient is ClientSettings of a client that plain load may have.
type PlainClient interface {
	// Plain returns what the client asks for. It is false for a kind of client that plain load does not have.
	Plain() (PlainRequest, bool)
}

// A PlainRequest is what one client of plain load asks for again and again.
type PlainRequest struct {
	Method, Path string // Path is empty for that of the URL
	Headers      [][2]string
	Body         string
	Good         func(status int) bool
}

// ClientSettings are what a target that is another program keeps of a load group's own words.
type ClientSettings any

// An Asker is the settings of clients that send requests. What is asked tells kinds of them apart.
type Asker interface {
	// Asks is the method and the path, as the scenario writes them; "" for clients whose answers are not compared.
	Asks() string
	// Lists says whether the scenario lists the statuses of good answers.
	Lists() bool
	// Ends is the text that the scenario says every whole answer ends with; empty where it does not say.
	Ends() string
	// Manners says what such clients do that others do not, as the end of a sentence about them; empty: nothing.
	Manners() string
	// Hurries says whether the server is told how long an answer may take.
	Hurries() bool
}

// A Message is what travels.
type Message struct {
	ID    ledger.MsgID
	Topic uint8
	Size  int64
}

// A Reply is what the client of an operation learned.
type Reply struct {
	Outcome ledger.Outcome
	Cause   ledger.Cause
	Code    uint16 // the answer's status, of an external program; 0: none
}

// A Client is one connection.
type Client interface {
	// Do performs one operation and returns when its outcome is known. It may block for ever when the
	// server is at fault; the harness keeps the books.
	Do(t *world.Task, m Message) Reply
	// Close ends the connection.
	Close(t *world.Task)
}

// A Probe takes what a client cannot see into the ledger. It is safe for any task and never blocks.
type Probe interface {
	// Draining records that the server has begun to stop.
	Draining(t *world.Task)
	// Drained records how the server's stop ended and what it left undelivered by its own count.
	Drained(t *world.Task, how ledger.DrainEnd, left int64)
	// Discard records a message that leaves the server undelivered, or is found in it at the end.
	Discard(d Discard)
	// Unsubscribed records that the overflow policy stopped a subscriber.
	Unsubscribed(lane int, draining bool)
	// Closed records how a lasting connection ended in the eyes of its client: with a close code, or
	// without one (1006).
	Closed(t *world.Task, lane, code int)
	// Gauge records a value; bound 0 is none.
	Gauge(name string, value, bound int64, final bool)
	// Owner records a step in the life of who owns a log, at a moment: now, or when the attempt began that
	// was refused.
	Owner(log, who string, what ledger.Owning, at time.Duration)
	// Mark records a remark for the reader of a report.
	Mark(who, text string, count int64)
}

// A Discard is ledger.Discard with its texts spelled out.
type Discard struct {
	Msg                   ledger.MsgID
	Lane                  int // -1: meant for every subscriber
	Station, Cause, Where string
	Policy, Draining      bool
	Returned              bool // given back to its owner, by id: counted, not lost
}
