// Package breach is what every invariant needs to report what it finds: the terms of a trial, a report that groups
// breaches by their class, and the story of one example.
package breach

import (
	"slices"
	"time"
)

// Terms are what a trial was asked for, as far as judging depends on it.
type Terms struct {
	DrainLimit time.Duration
	Duration   time.Duration
	AtStartup  bool  // the server was to be struck while it started
	Signals    []int // that were sent, in order
	Killed     bool  // one of them was SIGKILL: no promise of a process survives that
	Widened    bool  // a window was held open
	Virtual    bool  // time was simulated: a drain was given up when nobody could move any more
	// IdleDeadline says of virtual time that the server's own deadline came only when nobody else could go on.
	IdleDeadline bool
	// Done are the ops whose acceptance says that the work is done, not that it will be.
	Done []string
	// GivesBackAtDeadline says that the server gives messages back only in a drain that its own deadline, a further signal
	// or an error ended; but for the causes in GivesBackEarly.
	GivesBackAtDeadline bool
	GivesBackEarly      []string
	// InDoubt are stations of which the server cannot know whether what it gives back from them has arrived.
	InDoubt []string
	// Control are requests of the run without a signal, a load group each; of external programs only.
	Control []Sample
	// Asking says what each load group of an external program asks for; Named that the scenario's expect names
	// every-request-answered.
	Asking []Asking
	Named  bool
	// ServesFor is how long after the signal an external program is to answer; 0: nobody said.
	ServesFor time.Duration
}

// An Asking says what the clients of a load group ask an external program for.
type Asking struct {
	Group   string
	Kind    string // client, method and path as the scenario writes them; "" where its clients ask for nothing
	Lists   bool   // the scenario lists the statuses of good answers
	Ends    string // the text that the scenario says every whole answer ends with
	Manners string // what its clients do that others do not
	// Hurries says that the program is told how long an answer may take: that it took longer is the machine's doing, too.
	Hurries bool
}

// EndsOf is the text that whole answers to requests of a kind end with; empty where no scenario says so.
func (t Terms) EndsOf(kind string) string {
	i := slices.IndexFunc(t.Asking, func(a Asking) bool { return a.Kind == kind && a.Ends != "" })
	if i < 0 {
		return ""
	}
	return t.Asking[i].Ends
}

// AskingOf is what the clients of a group ask for.
func (t Terms) AskingOf(group string) Asking {
	i := slices.IndexFunc(t.Asking, func(a Asking) bool { return a.Group == group })
	if i < 0 {
		return Asking{}
	}
	return t.Asking[i]
}

// A Sample is a load group's request in the run without a signal: the middle one of those recorded, by how long
// they took. Times are since it began.
type Sample struct {
	Group   string        `json:"group"`
	Out     int64         `json:"out"` // bytes sent
	In      int64         `json:"in"`  // bytes of the answer
	Code    int           `json:"code,omitempty"`
	Line    string        `json:"line,omitempty"` // the status line
	Body    string        `json:"body,omitempty"` // how its body begins
	Sent    time.Duration `json:"sent_ns"`
	First   time.Duration `json:"first_ns"` // the first byte of the answer
	Took    time.Duration `json:"took_ns"`
	Longest time.Duration `json:"longest_ns"` // of all of the group
	Of      int           `json:"of"`         // how many were answered
	Whole   []Whole       `json:"whole,omitempty"`
}

// A Whole is an answer that no stop has touched: what a shorter one is held against.
type Whole struct {
	Pieces int64  `json:"pieces,omitempty"`
	Chain  uint64 `json:"chain,omitempty,string"`
	Last   uint64 `json:"last,omitempty,string"`
	Trail  string `json:"trail,omitempty"` // what Chain was after each of its first pieces, 16 hex digits each
	Sized  bool   `json:"sized,omitempty"`
	Body   string `json:"body,omitempty"` // of a sized one: how it begins
}
