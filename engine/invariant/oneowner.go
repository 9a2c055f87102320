package invariant

import (
	"fmt"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

// A tenure is what is known of one owner of one log.
type tenure struct {
	log, who   ledger.Name
	owns       bool
	closed     bool // a call that closes the log for it has returned
	released   bool
	refusedTo  *ledger.Owner // who was refused after that
	wroteAfter bool
}

// oneOwner follows every log through the steps of its owners. What is recorded after a step was done after
// it; a correct owner writes nothing more once it has closed or released the log, and it releases before
// anybody is told that it has closed.
func oneOwner(x *Index, r *breach.Report) {
	type step struct {
		summary string
		at      ledger.Owner
	}
	var all []*tenure
	var steps breach.Groups[step]
	for _, o := range x.e.Owners {
		t, other := tenureOf(&all, o)
		who := x.e.Text(o.Who)
		switch o.What {
		case ledger.Opened:
			if other != nil && other.owns && !other.released {
				steps.Add("one-owner/log/opened-twice", step{fmt.Sprintf("%s opened the log while %s owned it", who, x.e.Text(other.who)), o})
			}
			*t = tenure{log: o.Log, who: o.Who, owns: true}
		case ledger.OpenRefused:
			if other != nil && other.owns && other.closed {
				refused := o
				other.refusedTo = &refused
			}
		case ledger.Wrote:
			switch {
			case t.released:
				t.wroteAfter = true
				steps.Add("one-owner/writer/wrote-after-release", step{who + " wrote to the log after it had given up its lock", o})
			case t.closed:
				t.wroteAfter = true
				steps.Add("one-owner/writer/wrote-after-close", step{who + " wrote to the log after a close of it had returned", o})
			}
		case ledger.CloseDone:
			t.closed = true
		case ledger.Released:
			t.released = true
		}
	}
	for _, t := range all {
		if t.refusedTo != nil && !t.wroteAfter {
			steps.Add("one-owner/lock/held-after-close", step{fmt.Sprintf("%s was refused the log although the close by %s had returned",
				x.e.Text(t.refusedTo.Who), x.e.Text(t.who)), *t.refusedTo})
		}
	}
	for g := range steps.Found() {
		r.Add(g.Class, g.N, 0, g.Example.summary, x.ownerStory(r, g.Example.at))
	}
}

// tenureOf returns the tenure that a step belongs to, and the latest one of somebody else on the same log.
func tenureOf(all *[]*tenure, o ledger.Owner) (own, other *tenure) {
	for _, t := range *all {
		switch {
		case t.log != o.Log:
		case t.who == o.Who:
			own = t
		case t.owns:
			other = t
		}
	}
	if own == nil {
		own = &tenure{log: o.Log, who: o.Who}
		*all = append(*all, own)
	}
	return own, other
}

func (x *Index) ownerStory(r *breach.Report, at ledger.Owner) *breach.Story {
	s := r.Story("who had the log %s:", x.e.Text(at.Log))
	var last ledger.Owner
	for _, o := range x.e.Owners {
		if o.Log != at.Log || o.What == ledger.Wrote && o.At < at.At && last.Who == o.Who && last.What == ledger.Wrote {
			continue // one of many writes
		}
		last = o
		if s.Room() || o == at {
			s.At(o.At, x.e.Text(o.Who), ownerWords[o.What])
		}
	}
	return s.Drain()
}

var ownerWords = map[ledger.Owning]string{
	ledger.Opened: "opened it", ledger.OpenRefused: "asked for it and was told that it has an owner", ledger.Wrote: "wrote to it",
	ledger.CloseDone: "was told that it is closed", ledger.Released: "gave up its lock",
}
