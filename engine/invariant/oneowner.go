package invariant

import (
	"fmt"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
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
func oneOwner(x *Index, _ Terms) []result.Breach {
	var all []*tenure
	var breaches []result.Breach
	accuse := func(class, summary string, o ledger.Owner) {
		for i := range breaches {
			if breaches[i].Class == class {
				breaches[i].Count++
				return
			}
		}
		breaches = append(breaches, x.ownerBreach(class, summary, o))
	}
	for _, o := range x.e.Owners {
		t, other := tenureOf(&all, o)
		who := x.e.Text(o.Who)
		switch o.What {
		case ledger.Opened:
			if other != nil && other.owns && !other.released {
				accuse("one-owner/log/opened-twice", fmt.Sprintf("%s opened the log while %s owned it", who, x.e.Text(other.who)), o)
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
				accuse("one-owner/writer/wrote-after-release", who+" wrote to the log after it had given up its lock", o)
			case t.closed:
				t.wroteAfter = true
				accuse("one-owner/writer/wrote-after-close", who+" wrote to the log after a close of it had returned", o)
			}
		case ledger.CloseDone:
			t.closed = true
		case ledger.Released:
			t.released = true
		}
	}
	for _, t := range all {
		if t.refusedTo != nil && !t.wroteAfter {
			accuse("one-owner/lock/held-after-close", fmt.Sprintf("%s was refused the log although the close by %s had returned",
				x.e.Text(t.refusedTo.Who), x.e.Text(t.who)), *t.refusedTo)
		}
	}
	return breaches
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

func (x *Index) ownerBreach(class, summary string, at ledger.Owner) result.Breach {
	s := x.newStory()
	s.title("who had the log %s:", x.e.Text(at.Log))
	s.strike()
	var last ledger.Owner
	for _, o := range x.e.Owners {
		if o.Log != at.Log || o.What == ledger.Wrote && o.At < at.At && last.Who == o.Who && last.What == ledger.Wrote {
			continue // one of many writes
		}
		last = o
		if s.room() || o == at {
			s.at(o.At, x.e.Text(o.Who), ownerWords[o.What])
		}
	}
	s.drain()
	return result.Breach{
		Invariant: "one-owner", Class: class, Verdict: result.Breached, Count: 1, Summary: summary, Evidence: s.lines(),
	}
}

var ownerWords = map[ledger.Owning]string{
	ledger.Opened: "opened it", ledger.OpenRefused: "asked for it and was told that it has an owner", ledger.Wrote: "wrote to it",
	ledger.CloseDone: "was told that it is closed", ledger.Released: "gave up its lock",
}
