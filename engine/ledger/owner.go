package ledger

import (
	"fmt"
	"strings"
	"time"
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

var ownings = []string{
	"", Opened: "opened", OpenRefused: "refused", Wrote: "wrote", CloseDone: "closed", Released: "released",
}

// String returns the step in a word.
func (o Owning) String() string { return word(ownings, int(o)) }

// An Owner is what somebody did with a log that one at a time may own.
type Owner struct {
	Log, Who Name
	What     Owning
	At       time.Duration // of an OpenRefused, when the attempt began
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

// Owner records a step of an owner.
func (w *Writer) Owner(o Owner) {
	w.event(KindOwner, uint8(o.What), pair(o.Log, o.Who), uint64(o.At))
}

// Audit records what was found on reopening. Only the trial's last counts.
func (w *Writer) Audit(a Audit) {
	w.event(KindAudit, 0, uint64(a.Lane), a.Unconfirmed, uint64(a.Gaps)|uint64(a.Back)<<32, uint64(a.Error),
		uint64(a.Torn), uint64(a.Beyond), uint64(a.At))
}

func (r *reader) owner(rec *record) string {
	o := Owner{Log: low(rec[1]), Who: high(rec[1]), What: Owning(rec.flags()), At: time.Duration(rec[2])}
	if o.What < Opened || o.What > Released {
		return fmt.Sprintf("step %d of an owner", o.What)
	}
	r.e.Owners = append(r.e.Owners, o)
	return ""
}

func (r *reader) audit(rec *record) string {
	a := Audit{
		Lane: int(rec[1]), Unconfirmed: rec[2], Gaps: int(low(rec[3])), Back: int(high(rec[3])), Error: low(rec[4]),
		Torn: int64(rec[5]), Beyond: int64(rec[6]), At: time.Duration(rec[7]),
	}
	if a.Lane < 0 || a.Lane >= len(r.e.Lanes) {
		return noLane(a.Lane)
	}
	r.e.Audit = &a
	return ""
}

func (p *parser) owner(l *fields) {
	o := Owner{Log: p.name(l.word("log")), Who: p.name(l.word("who")), At: l.time("at")}
	what := l.oneOf(ownings)
	if what < 0 {
		l.fail("it says one of %s", strings.Join(ownings[1:], ", "))
		return
	}
	o.What = Owning(what)
	p.e.Owners = append(p.e.Owners, o)
}

func (p *parser) audit(l *fields) {
	p.e.Audit = &Audit{
		Lane: l.lane(l.word("lane")), Unconfirmed: uint64(l.int("unconfirmed", 0)), Gaps: int(l.int("gaps", 0)), Back: int(l.int("back", 0)),
		Torn: l.int("torn", 0), Beyond: l.int("beyond", 0), Error: l.name("error"), At: l.time("at"),
	}
}

// reopened writes what concerns what outlives the server.
func (p *printer) reopened() {
	for _, o := range p.e.Owners {
		p.line("owner %s %s %s at=%s", p.name(o.Log), p.name(o.Who), o.What, o.At)
	}
	if a := p.e.Audit; a != nil {
		p.line("audit %d", a.Lane)
		p.when(a.Unconfirmed != 0, "unconfirmed=%#x", a.Unconfirmed)
		p.when(a.Gaps != 0, "gaps=%d", a.Gaps)
		p.when(a.Back != 0, "back=%d", a.Back)
		p.when(a.Torn != 0, "torn=%d", a.Torn)
		p.when(a.Beyond != 0, "beyond=%d", a.Beyond)
		p.named("error", a.Error)
		p.when(true, "at=%s", a.At)
	}
}
