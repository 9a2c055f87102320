// Package load reads the load groups of a scenario and says when each of their
// clients may start its next operation.
//
// A shape is pure arithmetic over times that the caller measured, so one shape
// serves the wall clock and simulated time alike, and a table can test it.
package load

import (
	"math/rand/v2"
	"time"

	"github.com/racebench/racebench/scenario/spec"
)

// MaxClients is the most clients a group may have.
const MaxClients = 100_000

// A Group is one entry of load: some clients that do the same, in the same rhythm.
type Group struct {
	At           spec.Value // the entry, for errors found later
	Op           spec.Value // the operation's name; which ones exist is the target's to say
	As           string     // the group's name in results; Op.Text by default
	Clients      int        // from 1 to MaxClients; default 1
	Size         int64      // of one operation's payload, in bytes; 0 leaves it to the target
	StopAtSignal bool       // the group falls silent when the signal strikes; default: it goes on
	ShapeName    string     // a name of Shapes; default saturate

	Rate     float64            // shape rate: operations a second of all clients together
	Delay    spec.DurationRange // shape slow: pause between an operation's end and the next
	Burst    int                // shape burst: operations at once, of each client
	Every    time.Duration      // shape burst: from one burst to the next
	From, To float64            // shape ramp: the rate of all clients at the start and at the end
}

// A Shape says when a client may start operation n. It has no clock of its own: it
// is given the time and answers with one. All times are since the load began.
//
// Start is when the operation was meant to start. Latency is measured from there, so
// it may lie in the past: a client held up by a slow server is late, and the result
// must show it. Ok is false when the load is over for this client.
type Shape interface {
	Next(n int, now, lastDone time.Duration) (start time.Duration, ok bool)
}

// ShapeInfo describes a shape for lists.
type ShapeInfo struct {
	Name    string
	Summary string // one line
}

// Shapes lists the shapes in alphabetical order.
func Shapes() []ShapeInfo {
	infos := make([]ShapeInfo, len(shapes))
	for i, s := range shapes {
		infos[i] = ShapeInfo{s.name, s.summary}
	}
	return infos
}

// Shape returns the rhythm of one of the group's clients, counted from 0, for a load
// that lasts for duration. Rnd is drawn from by shapes with chance in them; it must be
// the client's own.
func (g Group) Shape(client int, duration time.Duration, rnd *rand.Rand) Shape {
	for _, s := range shapes {
		if s.name == g.ShapeName {
			return s.build(g, client, duration, rnd)
		}
	}
	return saturate{duration}
}

// Scheduled reports whether the group's starts follow a schedule of their own and do not
// wait for answers. Such starts can be late, or never happen.
func (g Group) Scheduled() bool {
	for _, s := range shapes {
		if s.name == g.ShapeName {
			return s.scheduled
		}
	}
	return false
}
