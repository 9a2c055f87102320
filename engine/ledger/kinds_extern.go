package ledger

import (
	"time"

	"github.com/racebench/racebench/engine/ledger/extern"
)

// A Wire is one request to an external program, seen from both ends of its connection; or a
// connection that carries no requests (Msg is 0). One is written for what was under way when the signal
// was near, and for what was not answered.
type Wire struct {
	Lane int // of a request, its message's
	Msg  MsgID
	Conn extern.ConnKind
	// Sent is when the whole request had been handed to the socket, or the connection was opened; 0: it
	// was not whole.
	Sent  time.Duration
	First time.Duration // the first byte of the answer; 0: none came
	Ended time.Duration
	// Aim and Strike are what the server had read of the request at two looks: one before the signal,
	// after which the server had time to act on what it had read, and one right before it.
	Aim, Strike extern.Reading
	// Last is what the server had read of it when its kernel closed the connection. It is known where the
	// connection ended without a byte of an answer and without a reset: there is none only if nothing was unread.
	Last extern.Reading
	// Held is what the server was seen to have taken of a request that began after the signal, and to keep: it came to
	// rest, or ran on, and the connection was still open. It is not known where the connection is older than the signal
	// and the request its first.
	Held    extern.Reading
	End     extern.WireEnd
	Out, In int64 // bytes of the request sent, bytes of the answer received, at the socket
	// Endless says that its answer is a stream without an end of its own, as events are: it is open like a session.
	Endless bool
	Port    int // the client's
	Code    int // the answer's status, or a session's close code; 0: none
}

func (x *Wire) fields(v *visitor) {
	v.of(kindWire)
	v.lane(part(1, seqBits, 64-seqBits)|bare, "lane", &x.Lane)
	v.word(part(6, 56, 8)|bare, "how it ended", wireEnds, (*uint8)(&x.End))
	v.msg(at(1), "msg", &x.Msg)
	if x.Msg != 0 && x.Msg.Seq() == 0 {
		x.Msg = 0 // the word has the lane alone
	}
	v.must(x.Msg == 0 || x.Msg.Lane() == x.Lane, "a request is of its message's lane")
	v.word(part(6, 32, 4)|bare|optional, "connection", connKinds, (*uint8)(&x.Conn))
	v.word(part(6, 40, 4), "aim", readings, (*uint8)(&x.Aim))
	v.word(part(6, 48, 8), "strike", readings, (*uint8)(&x.Strike))
	v.word(part(6, 44, 4), "held", readings, (*uint8)(&x.Held))
	v.word(part(6, 36, 4), "last", readings, (*uint8)(&x.Last))
	v.time(at(2), "sent", &x.Sent)
	v.time(at(3), "first", &x.First)
	v.time(at(4), "ended", &x.Ended)
	v.long(low(5), "out", &x.Out)
	v.long(high(5), "in", &x.In)
	v.int(part(6, 0, 16), "port", &x.Port)
	v.int(part(6, 16, 16), "code", &x.Code)
	v.flag(0, "endless", &x.Endless)
}

// An Answer is what was kept of one answer of an external program: of good ones in a run without a signal, and of what
// was asked before the signal and answered after it.
type Answer struct {
	Msg MsgID
	// Line is the status line, or what stands for it; Body is how the body begins.
	Line, Body Name
	// Pieces is how many pieces a body without a length came in; Chain is a hash of all of them in their order, Last
	// one of the last, Trail the hashes of each beginning of them, where they were kept.
	Pieces      int64
	Chain, Last uint64
	Trail       Name
	Sized       bool // its length was said before it
	Unended     bool // it has a good status, and not the end that the scenario says whole ones have
}

func (x *Answer) fields(v *visitor) {
	v.of(kindAnswer)
	v.msg(at(1)|bare, "msg", &x.Msg)
	v.name(low(2), "line", &x.Line)
	v.name(high(2), "body", &x.Body)
	v.long(low(3), "pieces", &x.Pieces)
	v.name(high(3), "trail", &x.Trail)
	v.bits(at(4)|hex, "chain", &x.Chain)
	v.bits(at(5)|hex, "last", &x.Last)
	v.flag(0, "sized", &x.Sized)
	v.flag(1, "unended", &x.Unended)
}

// A Process is something that became of an external program.
type Process struct {
	Event  extern.ProcessEvent
	PID    int
	Clean  bool // ended: its status is one that the scenario takes for a clean stop
	Status int  // ended: its exit status; -1 when a signal ended it
	Signal int  // ended: the signal that ended it
	Count  int64
	Text   Name
	At     time.Duration
}

func (x *Process) fields(v *visitor) {
	v.of(kindProcess)
	v.int(at(2)|bare, "pid", &x.PID)
	v.word(at(1)|bare, "what became of it", processEvents, (*uint8)(&x.Event))
	v.flag(0, "clean", &x.Clean)
	v.int(at(3), "status", &x.Status)
	v.int(at(4), "signal", &x.Signal)
	v.long(at(5), "count", &x.Count)
	v.name(at(6), "text", &x.Text)
	v.time(at(7)|always, "at", &x.At)
}
