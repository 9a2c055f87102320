package ledger

import (
	"fmt"
	"time"
)

// A Wire is one request to a program from outside, seen from both ends of its connection; or a
// connection that carries no requests (Msg is 0). One is written for what was under way when the signal
// was near, and for what was not answered.
type Wire struct {
	Lane int
	Msg  MsgID
	Conn ConnKind
	// Sent is when the whole request had been handed to the socket, or the connection was opened; 0: it
	// was not whole.
	Sent  time.Duration
	First time.Duration // the first byte of the answer; 0: none came
	Ended time.Duration
	// Aim and Strike are what the server had read of the request at two looks: one before the signal,
	// after which the server had time to act on what it had read, and one right before it.
	Aim, Strike Reading
	// Last is what the server had read of it when its kernel closed the connection. It is known where the
	// connection ended without a byte of an answer and without a reset: there is none only if nothing was unread.
	Last    Reading
	End     WireEnd
	Out, In int64 // bytes of the request sent, bytes of the answer received, at the socket
	Port    int   // the client's
	Code    int   // the answer's status, or a session's close code; 0: none
}

// ConnKind says what a request's connection had been used for.
type ConnKind uint8

// The kinds of connections.
const (
	ConnFresh     ConnKind = iota // opened for this request
	ConnReused                    // it had carried others before
	ConnPreopened                 // opened before the signal, to be used for the first time after it
)

// A Reading is how much of a request the server had taken out of its socket.
type Reading uint8

// The readings. ReadUnknown, the zero value, proves nothing: nobody looked, or the request came later.
const (
	ReadUnknown     Reading = iota
	ReadNotAccepted         // the connection itself was still in the kernel's queue
	ReadNothing             // all of it was in the socket's receive queue, or on its way there
	ReadPart                // less than its head
	ReadHead                // its head, not all of its body
	ReadAll                 // the whole request
)

// WireEnd says how a request or a connection ended.
type WireEnd uint8

// The ends.
const (
	WireOpen     WireEnd = iota // nothing had come when the trial was over
	WireAnswered                // whole
	WireCut                     // the answer began and was not finished
	WireEOF                     // closed without a byte of an answer
	WireReset                   // reset without a byte of an answer
	WireRefused                 // no connection could be made
	WireRetired                 // the server had closed the idle connection before the request was sent
	WireGarbage                 // what came is no answer
	WireClosed                  // a session was closed with a close code
)

var (
	connKinds = []string{ConnFresh: "fresh", ConnReused: "reused", ConnPreopened: "preopened"}
	readings  = []string{ReadUnknown: "unknown", ReadNotAccepted: "not-accepted", ReadNothing: "unread", ReadPart: "part", ReadHead: "head", ReadAll: "all"}
	wireEnds  = []string{WireOpen: "open", WireAnswered: "answered", WireCut: "cut", WireEOF: "eof", WireReset: "reset",
		WireRefused: "refused", WireRetired: "retired", WireGarbage: "garbage", WireClosed: "closed"}
)

// String returns the kind in a word.
func (c ConnKind) String() string { return word(connKinds, int(c)) }

// String returns the reading in a word.
func (r Reading) String() string { return word(readings, int(r)) }

// String returns the end in a word.
func (e WireEnd) String() string { return word(wireEnds, int(e)) }

// Lost says whether no whole answer came although the connection had been made and the request sent.
func (e WireEnd) Lost() bool {
	return e == WireCut || e == WireEOF || e == WireReset || e == WireGarbage
}

// Wire records what is known of one request or connection.
func (w *Writer) Wire(x Wire) {
	const most = 1<<32 - 1
	packed := uint64(uint16(x.Port)) | uint64(uint16(x.Code))<<16 | uint64(x.Conn)<<32 | uint64(x.Last)<<36 | uint64(x.Aim)<<40 | uint64(x.Strike)<<48 | uint64(x.End)<<56
	sizes := uint64(min(x.Out, most)) | uint64(min(x.In, most))<<32
	// The lane of a request is that of its message; of a mere connection the message's place holds it.
	msg := uint64(x.Msg)
	if x.Msg == 0 {
		msg = uint64(NewMsgID(x.Lane, 0))
	}
	w.event(KindWire, 0, msg, uint64(x.Sent), uint64(x.First), uint64(x.Ended), sizes, packed)
}

func (r *reader) wire(rec *record) string {
	msg, packed := MsgID(rec[1]), rec[6]
	x := Wire{
		Lane: msg.Lane(), Msg: msg, Sent: time.Duration(rec[2]), First: time.Duration(rec[3]), Ended: time.Duration(rec[4]),
		Out: int64(uint32(rec[5])), In: int64(rec[5] >> 32), Port: int(uint16(packed)), Code: int(uint16(packed >> 16)),
		Conn: ConnKind(packed >> 32 & 15), Last: Reading(packed >> 36 & 15), Aim: Reading(packed >> 40), Strike: Reading(packed >> 48), End: WireEnd(packed >> 56),
	}
	if msg.Seq() == 0 {
		x.Msg = 0
	}
	if x.Lane >= len(r.e.Lanes) {
		return noLane(x.Lane)
	}
	if int(x.End) >= len(wireEnds) || int(x.Aim) >= len(readings) || int(x.Strike) >= len(readings) || int(x.Last) >= len(readings) || int(x.Conn) >= len(connKinds) {
		return fmt.Sprintf("a request that ended in way %d", x.End)
	}
	r.e.Wires = append(r.e.Wires, x)
	return ""
}

func (p *parser) wire(l *fields) {
	x := Wire{Lane: l.lane(l.word("lane"))}
	if s, ok := l.value("msg"); ok {
		x.Msg = l.msg(s)
	}
	if i := l.oneOf(wireEnds); i >= 0 {
		x.End = WireEnd(i)
	} else {
		l.fail("it says not how it ended")
	}
	if i := l.oneOf(connKinds); i >= 0 {
		x.Conn = ConnKind(i)
	}
	x.Aim, x.Strike, x.Last = l.reading("aim"), l.reading("strike"), l.reading("last")
	x.Sent, x.First, x.Ended = l.time("sent"), l.time("first"), l.time("ended")
	x.Out, x.In = l.int("out", 0), l.int("in", 0)
	x.Port, x.Code = int(l.int("port", 0)), int(l.int("code", 0))
	p.e.Wires = append(p.e.Wires, x)
}

func (l *fields) reading(key string) Reading {
	s, ok := l.value(key)
	if !ok {
		return ReadUnknown
	}
	for i, w := range readings {
		if w == s {
			return Reading(i)
		}
	}
	l.fail("%s: %q is not a reading", key, s)
	return ReadUnknown
}

func (p *printer) wire(x Wire) {
	p.line("wire %d %s", x.Lane, x.End)
	p.when(x.Msg != 0, "msg=%s", x.Msg)
	p.when(x.Conn != ConnFresh, "%s", x.Conn)
	p.when(x.Aim != ReadUnknown, "aim=%s", x.Aim)
	p.when(x.Strike != ReadUnknown, "strike=%s", x.Strike)
	p.when(x.Last != ReadUnknown, "last=%s", x.Last)
	p.when(x.Sent != 0, "sent=%s", x.Sent)
	p.when(x.First != 0, "first=%s", x.First)
	p.when(x.Ended != 0, "ended=%s", x.Ended)
	p.when(x.Out != 0, "out=%d", x.Out)
	p.when(x.In != 0, "in=%d", x.In)
	p.when(x.Port != 0, "port=%d", x.Port)
	p.when(x.Code != 0, "code=%d", x.Code)
}
