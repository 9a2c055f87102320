package ledger

import (
	"fmt"
	"time"
)

// AccessKind says how a server touches its backend.
type AccessKind uint8

// The kinds of accesses.
const (
	ReadAccess     AccessKind = iota + 1 // it must not meet a write
	WriteAccess                          // it must meet nothing but snapshots
	SnapshotAccess                       // it sees a state of its own and may meet anything
)

var accessKinds = []string{"", ReadAccess: "read", WriteAccess: "write", SnapshotAccess: "snapshot"}

// String returns the kind in a word.
func (k AccessKind) String() string { return word(accessKinds, int(k)) }

// An Access is the begin or the end of one use of the backend. Both carry one number. The begin is
// recorded before the backend is touched and the end after it was, so where two uses were kept apart
// their records do not interleave.
type Access struct {
	Number uint64
	Kind   AccessKind // at the begin only
	Msg    MsgID      // the operation it is for; 0 is none
	Key    int64      // what of the backend, e.g. a height
	Ended  bool
	At     time.Duration
}

// A Value is what an operation has read or written at a key. Zero is nothing there.
type Value struct {
	Msg   MsgID
	Key   int64
	Value uint64
	Wrote bool
}

// A Claim is a bound that the server sets itself: what is within that time, for which op.
type Claim struct {
	What, Op Name
	Within   time.Duration
}

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
)

// A Waited is for how much of a call's time nobody in a simulated world could go on: time that no
// schedule could have spared it.
type Waited struct {
	Msg MsgID
	For time.Duration
}

// Access records the begin or the end of a use of the backend.
func (w *Writer) Access(a Access) {
	w.event(KindAccess, bit(a.Ended, flagEnd), a.Number, uint64(a.Kind), uint64(a.Msg), uint64(a.Key), uint64(a.At))
}

// Value records what an operation has read or written.
func (w *Writer) Value(v Value) {
	w.event(KindValue, bit(v.Wrote, flagWrote), uint64(v.Msg), uint64(v.Key), v.Value)
}

// Claim records a bound that the server sets itself.
func (w *Writer) Claim(c Claim) { w.event(KindClaim, 0, pair(c.What, c.Op), uint64(c.Within)) }

// Waited records for how long a call had to wait.
func (w *Writer) Waited(x Waited) { w.event(KindWaited, 0, uint64(x.Msg), uint64(x.For)) }

// stored takes a record about a store into the evidence.
func (r *reader) stored(k Kind, rec *record) string {
	e := r.e
	switch k {
	case KindAccess:
		a := Access{
			Number: rec[1], Kind: AccessKind(rec[2]), Msg: MsgID(rec[3]), Key: int64(rec[4]), At: time.Duration(rec[5]),
			Ended: rec.flags()&flagEnd != 0,
		}
		if rec[2] >= uint64(len(accessKinds)) || a.Ended != (a.Kind == 0) {
			return fmt.Sprintf("an access of kind %d", rec[2])
		}
		e.Accesses = append(e.Accesses, a)
	case KindValue:
		e.Values = append(e.Values, Value{Msg: MsgID(rec[1]), Key: int64(rec[2]), Value: rec[3], Wrote: rec.flags()&flagWrote != 0})
	case KindClaim:
		e.Claims = append(e.Claims, Claim{What: low(rec[1]), Op: high(rec[1]), Within: time.Duration(rec[2])})
	case KindWaited:
		e.Waits = append(e.Waits, Waited{Msg: MsgID(rec[1]), For: time.Duration(rec[2])})
	}
	return ""
}

// stored takes one line about a store into the evidence.
func (p *parser) stored(kind string, l *fields) {
	e := p.e
	switch kind {
	case "access":
		a := Access{Number: uint64(l.number(l.word("number"))), Msg: l.msg(l.word("message")), Key: l.int("key", 0), At: l.time("at"), Ended: l.flag("ended")}
		if i := l.oneOf(accessKinds); i > 0 {
			a.Kind = AccessKind(i)
		}
		if a.Ended != (a.Kind == 0) {
			l.fail("it either ended or began with a kind")
		}
		e.Accesses = append(e.Accesses, a)
	case "value":
		e.Values = append(e.Values, Value{
			Msg: l.msg(l.word("message")), Key: l.int("key", 0), Value: uint64(l.int("is", 0)), Wrote: l.flag("wrote"),
		})
	case "claim":
		e.Claims = append(e.Claims, Claim{What: p.name(l.word("what")), Op: l.name("op"), Within: l.time("within")})
	case "waited":
		e.Waits = append(e.Waits, Waited{Msg: l.msg(l.word("message")), For: l.time("for")})
	}
}

// stored writes what is known about a store.
func (p *printer) stored() {
	for _, a := range p.e.Accesses {
		p.line("access %d %s", a.Number, a.Msg)
		p.when(a.Ended, "ended")
		p.when(!a.Ended, "%s", a.Kind)
		p.when(a.Key != 0, "key=%d", a.Key)
		p.when(true, "at=%s", a.At)
	}
	for _, v := range p.e.Values {
		p.line("value %s key=%d is=%d", v.Msg, v.Key, v.Value)
		p.flags(v.Wrote, "wrote")
	}
	for _, c := range p.e.Claims {
		p.line("claim %s", p.name(c.What))
		p.named("op", c.Op)
		p.when(c.Within != 0, "within=%s", c.Within)
	}
	for _, x := range p.e.Waits {
		p.line("waited %s for=%s", x.Msg, x.For)
	}
}
