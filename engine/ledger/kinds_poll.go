package ledger

import (
	"time"

	"github.com/racebench/racebench/engine/ledger/extern"
)

// A Poll is how an external program's readiness, or its port, answered after the signal: polls in a row that ended alike,
// each on a connection of its own.
type Poll struct {
	End    extern.WireEnd // open: no answer within the limit
	Code   int            // the answer's status; 0: there was none, or nothing was asked on the connection
	Window bool           // it was asked in the time that the program is to serve for, and not for its readiness
	Count  int64
	Path   Name
	// Sent and Last are when the first and the last of them began, Ended when the last had ended.
	Sent, Last, Ended time.Duration
}

func (x *Poll) fields(v *visitor) {
	v.of(kindPoll)
	v.word(part(1, 0, 8)|bare, "how it ended", wireEnds, (*uint8)(&x.End))
	v.name(low(2)|bare, "path", &x.Path)
	v.int(part(1, 8, 16), "code", &x.Code)
	v.flag(0, "window", &x.Window)
	v.long(high(1)|always, "count", &x.Count)
	v.time(at(3)|always, "sent", &x.Sent)
	v.time(at(4), "last", &x.Last)
	v.time(at(5)|always, "ended", &x.Ended)
}
