// Package extern has the words in which a ledger tells of an external program: how its connections and
// requests ended, how much of a request it had read, and what became of its processes. Targets that run in
// racebench's own process need none of them.
package extern

import "strconv"

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
	WireHungUp                  // the client gave it up, as its scenario says
)

var (
	connKinds = []string{ConnFresh: "fresh", ConnReused: "reused", ConnPreopened: "preopened"}
	readings  = []string{ReadUnknown: "unknown", ReadNotAccepted: "not-accepted", ReadNothing: "unread", ReadPart: "part", ReadHead: "head", ReadAll: "all"}
	wireEnds  = []string{WireOpen: "open", WireAnswered: "answered", WireCut: "cut", WireEOF: "eof", WireReset: "reset",
		WireRefused: "refused", WireRetired: "retired", WireGarbage: "garbage", WireClosed: "closed", WireHungUp: "hung-up"}
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

// ProcessEvent says what it was.
type ProcessEvent uint8

// The events.
const (
	ProcessStarted     ProcessEvent = iota + 1 // Text is the command, Count the port that it was given
	ProcessReady                               // it listens, or whatever else it is awaited for
	ProcessEnded                               // by itself
	ProcessPanicked                            // it printed a panic or a fatal error; Text is its line
	ProcessLeft                                // a process of it was still there after its leader had ended; Text is its name
	ProcessListens                             // its address took new connections when the trial was over
	ProcessKilled                              // racebench killed it: it had not ended within its limit; Text is what of the signal is known
	ProcessAudited                             // it was started again, and Count acknowledged writes were asked for
	ProcessUnaudited                           // it could not be asked; Text is why
	ProcessUnproved                            // no look at its sockets was possible before the signal; Text is why
	ProcessDefault                             // it is one process, and the signal ends it before any code of it can act; Signal is which
	ProcessUncaught                            // the last that it printed is its runtime's report of an uncaught error; Text is the error
	ProcessMisread                             // an acknowledged write was not read back as written, without a restart; Text is its group, what was asked and what came
	ProcessSaid                                // it printed Text in its stop, or before an end that nobody asked for; Count is the client's port where it is about one
	ProcessRested                              // it was seen to wait, alive, after the latest requests that lost their answers before At
	ProcessChecked                             // the scenario's own check was run to its end; Clean: it found nothing
	ProcessFound                               // Text is a line of what that check found
	ProcessUnchecked                           // that check could not tell; Text is why
	ProcessServes                              // past the signal it answered one client twice or more on one connection; the latest answer but one is to a request begun At
	ProcessDeserted                            // a service beside it ended by itself; Text says which, how, and its last words
	ProcessOffers                              // a look around found a path of it; Text says which, and how it is asked for, as JSON
	ProcessPrepared                            // pre_stop was run before the signal, from At on, and took Count nanoseconds; Clean: it did what it was run for, else Text is why not
	ProcessLookedUp                            // Count accepted jobs were looked up after a restart; in a run without a signal, without one
	ProcessTook                                // Count of them it had taken when it ended; in a run without a signal, had done
	ProcessNotLookedUp                         // they could not be looked up; in a run without a signal, or are not done; Text is why
)

var processEvents = []string{
	"", ProcessStarted: "started", ProcessReady: "ready", ProcessEnded: "ended", ProcessPanicked: "panicked", ProcessLeft: "left",
	ProcessListens: "listens", ProcessKilled: "killed", ProcessAudited: "audited", ProcessUnaudited: "unaudited", ProcessUnproved: "unproved",
	ProcessDefault: "default", ProcessUncaught: "uncaught", ProcessSaid: "said", ProcessMisread: "misread", ProcessRested: "rested",
	ProcessChecked: "checked", ProcessFound: "found", ProcessUnchecked: "unchecked",
	ProcessServes: "serves", ProcessDeserted: "deserted", ProcessOffers: "offers", ProcessPrepared: "prepared",
	ProcessLookedUp: "looked-up", ProcessTook: "took", ProcessNotLookedUp: "not-looked-up",
}

// String returns the event in a word.
func (e ProcessEvent) String() string { return word(processEvents, int(e)) }

// StatusUnknown is the status of a program that racebench did not start: only its parent learns it.
const StatusUnknown = -2

func word(words []string, i int) string {
	if i < len(words) {
		return words[i]
	}
	return strconv.Itoa(i)
}
