package ledger

import (
	"fmt"
	"strconv"
	"time"

	"github.com/racebench/racebench/engine/ledger/extern"
)

// A Wire is one request to a program from outside, seen from both ends of its connection; or a
// connection that carries no requests (Msg is 0). One is written for what was under way when the signal
// was near, and for what was not answered.
type Wire struct {
	Lane int
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
	Last    extern.Reading
	End     extern.WireEnd
	Out, In int64 // bytes of the request sent, bytes of the answer received, at the socket
	Port    int   // the client's
	Code    int   // the answer's status, or a session's close code; 0: none
}

var (
	connKinds = wordsOf(extern.ConnFresh)
	readings  = wordsOf(extern.ReadUnknown)
	wireEnds  = wordsOf(extern.WireOpen)
)

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
		Conn: extern.ConnKind(packed >> 32 & 15), Last: extern.Reading(packed >> 36 & 15), Aim: extern.Reading(packed >> 40), Strike: extern.Reading(packed >> 48), End: extern.WireEnd(packed >> 56),
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
		x.End = extern.WireEnd(i)
	} else {
		l.fail("it says not how it ended")
	}
	if i := l.oneOf(connKinds); i >= 0 {
		x.Conn = extern.ConnKind(i)
	}
	x.Aim, x.Strike, x.Last = l.reading("aim"), l.reading("strike"), l.reading("last")
	x.Sent, x.First, x.Ended = l.time("sent"), l.time("first"), l.time("ended")
	x.Out, x.In = l.int("out", 0), l.int("in", 0)
	x.Port, x.Code = int(l.int("port", 0)), int(l.int("code", 0))
	p.e.Wires = append(p.e.Wires, x)
}

func (l *fields) reading(key string) extern.Reading {
	s, ok := l.value(key)
	if !ok {
		return extern.ReadUnknown
	}
	for i, w := range readings {
		if w == s {
			return extern.Reading(i)
		}
	}
	l.fail("%s: %q is not a reading", key, s)
	return extern.ReadUnknown
}

func (p *printer) wire(x Wire) {
	p.line("wire %d %s", x.Lane, x.End)
	p.when(x.Msg != 0, "msg=%s", x.Msg)
	p.when(x.Conn != extern.ConnFresh, "%s", x.Conn)
	p.when(x.Aim != extern.ReadUnknown, "aim=%s", x.Aim)
	p.when(x.Strike != extern.ReadUnknown, "strike=%s", x.Strike)
	p.when(x.Last != extern.ReadUnknown, "last=%s", x.Last)
	p.when(x.Sent != 0, "sent=%s", x.Sent)
	p.when(x.First != 0, "first=%s", x.First)
	p.when(x.Ended != 0, "ended=%s", x.Ended)
	p.when(x.Out != 0, "out=%d", x.Out)
	p.when(x.In != 0, "in=%d", x.In)
	p.when(x.Port != 0, "port=%d", x.Port)
	p.when(x.Code != 0, "code=%d", x.Code)
}
