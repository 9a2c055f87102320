package broker

import (
	"fmt"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/targets/targettest"
)

// crowd is a load that fills every queue: producers that never pause, readers of every pace, relays
// that multiply.
func crowd(tr *trial) {
	for i := range 3 {
		tr.Dial(opSubscribe, fmt.Sprintf("reader-%d", i)).Pace = time.Duration(i*i) * 20 * time.Microsecond
	}
	for i := range 2 {
		tr.Dial(opRelay, fmt.Sprintf("relay-%d", i)).Pace = time.Duration(i) * 50 * time.Microsecond
	}
	for i := range 3 {
		tr.Dial(opPublish, fmt.Sprintf("producer-%d", i)).Send(-1)
	}
}

// Each setting is struck in several rounds, each time a little later.
var (
	everyRound = []int{0, 1, 2, 3}
	ends       = []int{0, 3} // enough for designs that may lose
)

// settings of the queues, from nothing to spare to the defaults.
var sizes = []knobs{
	{"stage1": "1", "mailbox": "1", "batch": "1", "emit": "4"},
	{"stage1": "4", "mailbox": "4", "emit": "4"},
	{"stage1": "16", "mailbox": "2", "emit": "3", "handler": "30us", "brokers": "2"},
	{"stage1": "2", "mailbox": "2", "batch": "2", "emit": "3", "brokers": "3"},
	{"emit": "2", "gate": "atomic"},
}

func with(k knobs, name, value string) knobs {
	all := knobs{name: value}
	for n, v := range k {
		all[n] = v
	}
	return all
}

func each(t *testing.T, rounds []int, f func(t *testing.T, k knobs, round int)) {
	for _, policy := range []string{"fail", "drop", "block"} {
		for i, size := range sizes {
			t.Run(fmt.Sprintf("%s/%d", policy, i), func(t *testing.T) {
				for _, round := range rounds {
					if round > 0 && testing.Short() {
						break
					}
					f(t, with(size, "policy", policy), round)
				}
			})
		}
	}
}

// strikeLater strikes when so many messages were accepted.
func (tr *trial) strikeLater(clients []*targettest.Client, n int) {
	tr.t.Helper()
	tr.Await("some load", func() bool {
		accepted := 0
		for _, c := range clients {
			accepted += c.Accepted()
		}
		return accepted >= n
	})
	tr.Signal()
	tr.Signal() // a second one changes nothing
	tr.Await("the drain to begin", tr.Draining)
	tr.Await("the server to end", tr.HasEnded)
	tr.EndLoad()
	tr.Still()
}

func TestReferenceLosesNothing(t *testing.T) {
	each(t, everyRound, func(t *testing.T, k knobs, round int) {
		tr := begin(t, "two-phase", k, "")
		crowd(tr)
		tr.strikeLater(tr.Clients(), 20+60*round)
		if n := tr.Unfinished(); n > 0 {
			t.Errorf("%d calls never returned", n)
		}
		for _, c := range tr.Clients() {
			if n := c.Refused(ledger.Overloaded) + c.Refused(ledger.OtherCause); n > 0 {
				t.Errorf("%d refusals of %s say something else than closed", n, c.Name)
			}
		}
		tr.wantClean(ledger.DrainReturned)
	})
}

// TestReferenceGivesBack ends drains at a deadline that some of them meet and some do not.
func TestReferenceGivesBack(t *testing.T) {
	each(t, everyRound, func(t *testing.T, k knobs, round int) {
		tr := begin(t, "two-phase", with(k, "deadline", fmt.Sprintf("%dus", 1+100*round)), "")
		crowd(tr)
		tr.strikeLater(tr.Clients(), 100)
		tr.wantClean(ledger.DrainDeadline)
	})
}

// wantClean checks that nothing was lost and that the drain's end says what it did. A deadline may have
// come too late to end anything.
func (tr *trial) wantClean(how ledger.DrainEnd) {
	tr.t.Helper()
	for _, task := range tr.Tasks(1) {
		tr.t.Errorf("outlived the stop: %s", task)
	}
	b := tr.Books()
	if len(b.Lost) > 0 || b.Delivered+b.Returned+b.Policy != b.Owed {
		tr.t.Errorf("lost %v, want nothing; of %d messages that subscribers must receive %d were delivered, %d returned and %d dropped by the policy", b.Lost, b.Owed, b.Delivered, b.Returned, b.Policy)
	}
	for _, w := range b.Wrong {
		tr.t.Error(w)
	}
	switch {
	case len(b.How) != 1:
		tr.t.Errorf("the drain ended %d times", len(b.How))
	case b.Returned > 0 && b.How[0] != how, b.Returned > 0 && b.Left == 0, b.Left > 0 && b.How[0] != ledger.DrainDeadline:
		tr.t.Errorf("the drain ended by %v and left %d, and %d were returned", b.How[0], b.Left, b.Returned)
	}
	if tr.Err() != nil {
		tr.t.Errorf("stop returned %v", tr.Err())
	}
}

// TestAccountsClose strikes every design under the same load: whatever it loses, it can say where.
func TestAccountsClose(t *testing.T) { accountsClose(t, ends) }

func accountsClose(t *testing.T, rounds []int) {
	for _, r := range recipes {
		t.Run(r.Name, func(t *testing.T) {
			each(t, rounds, func(t *testing.T, k knobs, round int) {
				tr := begin(t, r.Name, k, "")
				crowd(tr)
				tr.Await("some load", func() bool {
					return tr.Clients()[5].Accepted() >= 1+20*round || tr.HasEnded() || tr.AtRest()
				})
				tr.Stop()
				b := tr.Books()
				if n := b.Lost[targettest.Unaccounted]; n > 0 {
					t.Errorf("%d of %d messages unaccounted for; the others: %v", n, b.Owed, b.Lost)
				}
				for _, w := range b.Wrong {
					t.Error(w)
				}
			})
		})
	}
}
