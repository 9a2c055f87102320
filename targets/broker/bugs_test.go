package broker

import (
	"testing"

	"github.com/racebench/racebench/engine/ledger"
)

// Each test plays one bug of the catalogue by the order of events alone, in a design that has it and in
// one that does not.

func TestBR1StageOneTail(t *testing.T) {
	play := func(variant string) (*trial, int) {
		tr := begin(t, variant, nil, "")
		tr.Dial(opSubscribe, "reader")
		p := tr.Dial(opPublish, "producer")
		tr.strike()
		p.Send(10)
		tr.Still()
		return tr, p.Refused(ledger.Closed)
	}
	tr, refused := play("timeout-drain")
	if refused != 0 {
		t.Errorf("timeout-drain refused %d sends; it has nothing to refuse with", refused)
	}
	tr.want(true, map[string]int{"stage1/broker-stopped-reading": 10})
	tr, refused = play("two-phase")
	if refused != 10 {
		t.Errorf("two-phase refused %d sends of 10", refused)
	}
	tr.want(true, nil)
}

func TestBR1bBudget(t *testing.T) {
	play := func(variant, budget string) *trial {
		tr := begin(t, variant, knobs{"budget": budget, "stage1": "1024", "mailbox": "1024"}, windowLastPoll)
		tr.Dial(opSubscribe, "reader")
		p := tr.Dial(opPublish, "producer")
		tr.strike()
		p.Send(300)
		tr.Still()
		tr.open()
		return tr
	}
	play("timeout-drain", "128").want(true, map[string]int{"stage1/coop-budget-spent": 300 - 128})
	play("timeout-drain", "0").want(true, nil)
	play("close-drain-nogate", "128").wantAt("stage1", 0)
}

func TestBR2MailboxTail(t *testing.T) {
	play := func(variant string) *trial {
		tr := begin(t, variant, nil, "")
		reader := tr.held(opSubscribe, "reader")
		tr.publish(50)
		tr.strike()
		reader.Release()
		return tr
	}
	for _, variant := range []string{
		"timeout-drain", "gate-only", "gate-close-drain", "close-drain-nogate", "gate-select",
	} {
		play(variant).want(true, map[string]int{"mailbox/actor-stopped": 40})
	}
	play("two-phase").want(true, nil)
}

func TestBR3OrphanBackPressure(t *testing.T) {
	play := func(variant string) *trial {
		tr := begin(t, variant, knobs{"stage1": "4", "emit": "8"}, "")
		relay := tr.held(opRelay, "relay")
		tr.Dial(opSubscribe, "reader")
		tr.publish(1)
		tr.strike()
		relay.Release()
		return tr
	}
	tr := play("timeout-drain")
	tr.want(false, map[string]int{"stage1/broker-stopped-reading": 4, "handler/drain-unfinished": 1})
	tr.parked("actor relay", "reserve stage-1 queue of relay")
	tr.parked("supervisor", "join actor relay")
	play("gate-only").want(true, nil)
	play("two-phase").want(true, nil)
}

func TestBR4BlockCycle(t *testing.T) {
	play := func(variant string) *trial {
		tr := begin(t, variant, knobs{"policy": "block", "stage1": "4", "mailbox": "4", "emit": "2"}, "")
		tr.Dial(opRelay, "relay")
		tr.Dial(opSubscribe, "reader")
		tr.publish(200)
		return tr
	}
	for _, variant := range []string{"timeout-drain", "gate-only", "close-merged", "gate-close-drain", "close-drain-nogate"} {
		tr := play(variant)
		tr.strike()
		if tr.Ended() {
			t.Errorf("%s ended", variant)
		}
		tr.parked("broker", "reserve mailbox of relay")
		tr.parked("actor relay", "reserve stage-1 queue of relay")
		if lost := tr.Books().Lost["unaccounted"]; lost > 0 {
			t.Errorf("%s: %d messages unaccounted for", variant, lost)
		}
	}
	tr := play("gate-select")
	tr.parked("broker", "reserve mailbox of relay")
	tr.strike()
	if !tr.Ended() || tr.Err() == nil {
		t.Errorf("gate-select ended: %v with %v, want an end with an error", tr.Ended(), tr.Err())
	}
	tr = play("two-phase")
	if p := tr.Unfinished(); p != 0 {
		t.Errorf("two-phase: %d calls wait for ever without a stop", p)
	}
	tr.strike()
	tr.want(true, nil)
}

func TestBR5CascadeRefusal(t *testing.T) {
	play := func(variant string) *trial {
		tr := begin(t, variant, nil, "")
		relay := tr.held(opRelay, "relay")
		tr.publish(5)
		tr.strike()
		relay.Release()
		return tr
	}
	for _, variant := range []string{"gate-only", "gate-close-drain", "gate-select"} {
		tr := play(variant)
		tr.want(true, map[string]int{"mailbox/actor-killed-by-refused-child": 4})
		if tr.Err() == nil {
			t.Errorf("%s: stop returned no error", variant)
		}
	}
	tr := play("two-phase")
	tr.want(true, nil)
	if tr.Err() != nil {
		t.Errorf("two-phase: stop returned %v", tr.Err())
	}
}

func TestBR6OverflowInDrain(t *testing.T) {
	play := func(variant, policy string) *trial {
		tr := begin(t, variant, knobs{"policy": policy, "mailbox": "8", "emit": "20"}, windowLastPoll)
		reader := tr.held(opSubscribe, "reader")
		relay := tr.held(opRelay, "relay")
		tr.publish(1)
		tr.strike()
		relay.Release()
		tr.Still()
		tr.open()
		tr.Still()
		reader.Release()
		return tr
	}
	for _, variant := range []string{"timeout-drain", "close-drain-nogate"} {
		play(variant, "drop").want(true, map[string]int{"mailbox/overflow-in-drain": 12})
		// The order to leave is seen after the batch at hand, which empties the mailbox.
		play(variant, "fail").want(true, map[string]int{"mailbox/overflow-in-drain": 12})
	}
	play("two-phase", "drop").want(true, nil)
	play("two-phase", "fail").want(true, nil)
}

func TestBR7CommandLag(t *testing.T) {
	play := func(variant string) (*trial, int) {
		tr := begin(t, variant, knobs{"policy": "fail", "mailbox": "1", "commands": "32"}, "")
		for range 40 {
			tr.held(opSubscribe, "laggard")
		}
		reader := tr.Dial(opSubscribe, "reader")
		p := tr.Dial(opPublish, "producer")
		for range 3 + 5 { // one in a laggard's hand, one in its mailbox, one too many, and five that follow
			p.Send(1)
			tr.Still()
		}
		return tr, reader.Delivered()
	}
	tr, seen := play("timeout-drain")
	if seen > 3 {
		t.Errorf("timeout-drain: the reader saw %d messages; the broker survived its lag", seen)
	}
	tr.ReleaseAll()
	tr.Still()
	if !tr.Ended() { // the supervisor may have collapsed already
		tr.strike()
	}
	if lost := tr.Books().Lost; lost["stage1/broker-missed-commands"] != 5 || lost["unaccounted"] != 0 {
		t.Errorf("timeout-drain lost %v, want 5 in stage 1 that the broker stopped for", lost)
	}
	tr, seen = play("two-phase")
	if seen != 8 {
		t.Errorf("two-phase: the reader saw %d of 8 messages", seen)
	}
	tr.ReleaseAll()
	tr.strike()
	tr.want(true, nil)
}

func TestBR8LockAsJoin(t *testing.T) {
	play := func(variant string) *trial {
		tr := begin(t, variant, nil, windowLock)
		tr.Dial(opSubscribe, "reader")
		tr.publish(5)
		tr.strike()
		tr.open()
		tr.Still()
		return tr
	}
	for _, variant := range []string{"timeout-drain", "gate-only"} {
		play(variant).want(true, map[string]int{"mailbox/actor-gone": 5})
	}
	play("two-phase").want(true, nil)
	// Here the broker's tail can be lost in the mailbox, but not to an actor that has left before.
	tr := play("gate-close-drain")
	tr.Ended()
	if lost := tr.Books().Lost; lost["mailbox/actor-gone"] > 0 {
		t.Errorf("gate-close-drain lost %v", lost)
	}
}

func TestBR9StopBeforeStart(t *testing.T) {
	play := func(variant string) *trial {
		tr := begin(t, variant, knobs{"boot": "1h"}, "")
		tr.Dial(opSubscribe, "reader")
		tr.start(3)
		tr.Signal()
		tr.Await("the drain to begin", tr.Draining)
		return tr
	}
	for _, variant := range []string{"timeout-drain", "gate-only"} {
		tr := play(variant)
		tr.want(false, map[string]int{"stage1/broker-never-started": 3})
		tr.parked("actor reader", "wait the start barrier")
		tr.parked("supervisor", "join actor reader")
	}
	for _, variant := range []string{"close-drain-nogate", "gate-select"} {
		play(variant).wantAt("stage1", 0)
	}
	play("two-phase").want(true, nil)
}

func TestBR13StopBeforeStartDropsStage1(t *testing.T) {
	play := func(variant string) *trial {
		tr := begin(t, variant, knobs{"boot": "1h"}, "")
		tr.Dial(opSubscribe, "reader")
		tr.start(3)
		tr.Signal()
		tr.Ended()
		return tr
	}
	for _, variant := range []string{"close-merged", "gate-close-drain"} {
		play(variant).want(true, map[string]int{"stage1/broker-never-started": 3})
	}
	play("gate-select").wantAt("stage1", 0)
	play("two-phase").want(true, nil)
}

func TestBR10MergeNotPolledAgain(t *testing.T) {
	play := func(variant, gate string) *trial {
		tr := begin(t, variant, knobs{"gate": gate}, "")
		tr.Dial(opSubscribe, "reader")
		tr.publish(5)
		tr.strike()
		return tr
	}
	for _, gate := range []string{"token", "atomic"} {
		tr := play("close-merged", gate)
		tr.want(false, nil)
		tr.parked("broker", "recv the merged queues")
		tr.parked("supervisor", "join broker")
		play("gate-close-drain", gate).want(true, nil)
		play("two-phase", gate).want(true, nil)
	}
}

func TestBR11GateGap(t *testing.T) {
	play := func(variant string) *trial {
		tr := begin(t, variant, nil, windowSend)
		tr.Dial(opSubscribe, "reader")
		tr.publish(1)
		tr.strike()
		tr.open()
		tr.Still()
		return tr
	}
	play("gate-only").want(true, map[string]int{"stage1/sent-past-gate": 1})
	play("gate-close-drain").wantAt("stage1", 0)
	play("two-phase").want(true, nil)
}

func TestBR12UnboundedDrain(t *testing.T) {
	play := func(variant string) *trial {
		tr := begin(t, variant, knobs{"policy": "block", "mailbox": "4", "deadline": "20ms"}, "")
		tr.held(opSubscribe, "reader")
		tr.publish(50)
		tr.Signal()
		tr.Await("the drain to begin", tr.Draining)
		return tr
	}
	for _, variant := range []string{"gate-close-drain", "close-drain-nogate", "gate-select"} {
		tr := play(variant)
		if tr.Ended() {
			t.Errorf("%s ended although its reader never does", variant)
		}
		tr.parked("broker", "reserve mailbox of reader")
	}
	tr := play("two-phase")
	tr.Await("the deadline to end the drain", tr.HasEnded)
	tr.Still()
	b := tr.Books()
	if len(b.How) != 1 || b.How[0] != ledger.DrainDeadline || b.Left != 50 || b.Returned != 50 || len(b.Lost) > 0 {
		t.Errorf("two-phase gave back %d of 50 and says %d, ends %v, lost %v", b.Returned, b.Left, b.How, b.Lost)
	}
}
