package ledger

import "time"

// An Owner is what somebody did with a log that one at a time may own.
type Owner struct {
	Log, Who Name
	What     Owning
	At       time.Duration // of an OpenRefused, when the attempt began
}

func (o *Owner) fields(v *visitor) {
	v.of(kindOwner)
	v.name(low(1)|bare, "log", &o.Log)
	v.name(high(1)|bare, "who", &o.Who)
	v.word(part(0, flagShift, 8)|bare, "what", ownings, (*uint8)(&o.What))
	v.time(at(2)|always, "at", &o.At)
}

// An Audit is what a fresh process found when it reopened what the server had left behind. The records that
// it recovered are the deliveries of its lane, in the order in which they stand there.
type Audit struct {
	Lane int
	// Unconfirmed are the topics, a bit each, whose messages are accepted before they are safe: only a stop
	// that ends by itself promises to keep them.
	Unconfirmed uint64
	Gaps        int   // places where a record does not follow the one before it
	Back        int   // of them, those where it stands behind
	Torn        int64 // bytes at the end that are no whole record
	Beyond      int64 // whole records that stand after such bytes
	Error       Name  // why it could not be reopened
	At          time.Duration
}

func (a *Audit) fields(v *visitor) {
	v.of(kindAudit)
	v.lane(at(1)|bare, "lane", &a.Lane)
	v.bits(at(2)|hex, "unconfirmed", &a.Unconfirmed)
	v.int(low(3), "gaps", &a.Gaps)
	v.int(high(3), "back", &a.Back)
	v.long(at(5), "torn", &a.Torn)
	v.long(at(6), "beyond", &a.Beyond)
	v.name(at(4), "error", &a.Error)
	v.time(at(7)|always, "at", &a.At)
}

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
	Idle   time.Duration // for how long nobody in a simulated world could go on until then
}

func (a *Access) fields(v *visitor) {
	v.of(kindAccess)
	v.bits(at(1)|bare, "number", &a.Number)
	v.msg(at(3)|bare, "message", &a.Msg)
	v.flag(2, "ended", &a.Ended)
	v.word(at(2)|bare|optional, "kind", accessKinds, (*uint8)(&a.Kind))
	v.must(a.Ended == (a.Kind == 0), "an access either ended or began with a kind")
	v.long(at(4), "key", &a.Key)
	v.time(at(5)|always, "at", &a.At)
	v.time(at(6), "idle", &a.Idle)
}

// A Value is what an operation has read or written at a key. Zero is nothing there.
type Value struct {
	Msg   MsgID
	Key   int64
	Value uint64
	Wrote bool
}

func (x *Value) fields(v *visitor) {
	v.of(kindValue)
	v.msg(at(1)|bare, "message", &x.Msg)
	v.long(at(2)|always, "key", &x.Key)
	v.bits(at(3)|always, "is", &x.Value)
	v.flag(0, "wrote", &x.Wrote)
}

// A Claim is a bound that the server sets itself: what is within that time, for which op.
type Claim struct {
	What, Op Name
	Within   time.Duration
}

func (c *Claim) fields(v *visitor) {
	v.of(kindClaim)
	v.name(low(1)|bare, "what", &c.What)
	v.name(high(1), "op", &c.Op)
	v.time(at(2), "within", &c.Within)
}

// A Waited is for how much of a call's time nobody in a simulated world could go on: time that no
// schedule could have spared it.
type Waited struct {
	Msg MsgID
	For time.Duration
}

func (w *Waited) fields(v *visitor) {
	v.of(kindWaited)
	v.msg(at(1)|bare, "message", &w.Msg)
	v.time(at(2)|always, "for", &w.For)
}

// A Held is a time for which a client certainly held one of what is bounded, by its own books: from what it was told to
// what it then sent and was answered.
type Held struct {
	Msg      MsgID
	What, Of Name // what it is, and whose: those of one name share the bound
	Bound    int64
	From, To time.Duration
}

func (h *Held) fields(v *visitor) {
	v.of(kindHeld)
	v.msg(at(1)|bare, "message", &h.Msg)
	v.name(low(2)|bare, "what", &h.What)
	v.name(high(2), "of", &h.Of)
	v.long(at(3), "bound", &h.Bound)
	v.time(at(4)|always, "from", &h.From)
	v.time(at(5)|always, "to", &h.To)
}
