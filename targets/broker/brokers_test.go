package broker

import (
	"testing"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/targets/targettest"
)

// TestBrokersAreStoppedInTurn holds the first of two brokers at its last read. The second goes on
// serving, because its turn comes when the first one has ended; two-phase asks nobody before all is done.
func TestBrokersAreStoppedInTurn(t *testing.T) {
	play := func(variant string) *trial {
		tr := begin(t, variant, knobs{"brokers": "2"}, windowLastPoll)
		reader := tr.Dial(opSubscribe, "reader") // lane 0
		second := tr.Dial(opPublish, "second")   // lane 1: broker 2
		first := tr.Dial(opPublish, "first")     // lane 2: broker 1
		tr.strike()
		second.Send(5)
		first.Send(3)
		tr.Still()
		if variant != "two-phase" && reader.Delivered() != 5 {
			t.Errorf("%s: %d delivered while broker 1 is held, want the 5 of broker 2", variant, reader.Delivered())
		}
		if variant == "two-phase" && first.Refused(ledger.Closed)+second.Refused(ledger.Closed) != 8 {
			t.Errorf("%s admitted somebody in the drain", variant)
		}
		tr.open()
		tr.Still()
		return tr
	}
	play("timeout-drain").want(true, nil)
	play("close-drain-nogate").wantAt("stage1", 0)
	play("two-phase").want(true, nil)
}

// TestBR1WithManyBrokers sends to a broker that has ended while the next one has not: the more brokers,
// the longer the first one's queue takes what nobody reads.
func TestBR1WithManyBrokers(t *testing.T) {
	play := func(variant string) (tr *trial, refused int) {
		tr = begin(t, variant, knobs{"brokers": "3", "policy": "block", "mailbox": "1", "grace": "0s"}, "")
		reader := tr.held(opSubscribe, "reader") // lane 0
		second := tr.Dial(opPublish, "second")   // lane 1: broker 2 waits for room, and so does stop
		tr.Dial(opPublish, "third")
		first := tr.Dial(opPublish, "first") // lane 3: broker 1
		second.Send(4)
		tr.Still()
		tr.strike()
		first.Send(7)
		tr.Still()
		reader.Release()
		return tr, first.Refused(ledger.Closed)
	}
	tr, _ := play("timeout-drain")
	if !tr.Ended() || tr.Books().Lost["stage1/broker-stopped-reading"] != 7 {
		t.Errorf("timeout-drain lost %v, want the 7 events sent to a broker that had ended", tr.Books().Lost)
	}
	tr, refused := play("close-drain-nogate")
	if refused != 7 {
		t.Errorf("close-drain-nogate refused %d of 7 sends to a closed queue", refused)
	}
	tr.wantAt("stage1", 0)
	tr, refused = play("two-phase")
	if refused != 7 {
		t.Errorf("two-phase refused %d of 7 sends", refused)
	}
	tr.want(true, nil)
}

// TestBR4SpreadsToEveryBroker closes the circle of one broker and a relay. Every other broker that has
// an event for the relay waits with them, and so do its own producers.
func TestBR4SpreadsToEveryBroker(t *testing.T) {
	play := func(variant string) *trial {
		tr := begin(t, variant, knobs{"brokers": "2", "policy": "block", "stage1": "4", "mailbox": "4", "emit": "2"}, "")
		tr.Dial(opRelay, "relay")         // lane 0: broker 1
		tr.Dial(opSubscribe, "reader")    // lane 1
		tr.Dial(opPublish, "a").Send(200) // lane 2: broker 1
		tr.Dial(opPublish, "b").Send(200) // lane 3: broker 2
		tr.Still()
		return tr
	}
	tr := play("gate-close-drain")
	tr.parked("broker 1", "reserve mailbox of relay")
	tr.parked("broker 2", "reserve mailbox of relay")
	tr.strike()
	if tr.Ended() {
		t.Error("gate-close-drain ended")
	}
	tr = play("two-phase")
	if n := tr.Unfinished(); n != 0 {
		t.Errorf("two-phase: %d calls wait for ever without a stop", n)
	}
	tr.strike()
	tr.want(true, nil)
}

// TestBR5DependsOnTheOrder stops two brokers of a design without a gate while the second, or the first, is
// still feeding a relay. A relay that sends to a broker that was closed before is refused its first child,
// and everything that was still to come is lost with it; a relay that sends to the later one goes on.
func TestBR5DependsOnTheOrder(t *testing.T) {
	const sent = 20
	play := func(variant string, relayFirst bool) *trial {
		tr := begin(t, variant, knobs{"brokers": "2", "policy": "block", "mailbox": "1"}, "")
		var relay *targettest.Client
		var p *targettest.Client
		if relayFirst {
			relay, p = tr.held(opRelay, "relay"), tr.Dial(opPublish, "producer")
		} else {
			p, relay = tr.Dial(opPublish, "producer"), tr.held(opRelay, "relay")
		}
		p.Send(sent)
		tr.Still()
		tr.strike()
		relay.Release()
		return tr
	}
	lost := func(relayFirst bool) int {
		tr := play("close-drain-nogate", relayFirst)
		tr.wantEnded()
		n := 0
		for _, class := range tr.Books().Classes() {
			n += tr.Books().Lost[class]
		}
		return n
	}
	if n := lost(true); n != sent-1 {
		t.Errorf("the relay's broker closed first: lost %d of %d, want all but the one in the relay's hand", n, sent)
	}
	// What the producer's broker has put into the mailbox last may still be refused: one event in it, and
	// the next one, that took its room.
	if n := lost(false); n > 2 {
		t.Errorf("the relay's broker closed last: lost %d of %d, want 2 at the most", n, sent)
	}
	play("two-phase", true).want(true, nil)
	play("two-phase", false).want(true, nil)
}
