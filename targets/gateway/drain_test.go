package gateway

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
	"github.com/racebench/racebench/targets/targettest"
)

// quiet leaves out what beats time, so that a gateway with nothing to do is at rest.
var quiet = map[string]string{"ping": "0s", "gc": "0s"}

func with(pairs ...string) map[string]string {
	k := map[string]string{}
	for name, value := range quiet {
		k[name] = value
	}
	for i := 0; i < len(pairs); i += 2 {
		k[pairs[i]] = pairs[i+1]
	}
	return k
}

// held starts a variant with a window that keeps whoever passes it until open is called.
func held(t *testing.T, variant, window string, knobs map[string]string) (h *targettest.Harness, open func()) {
	t.Helper()
	var shut *world.Token
	h = targettest.Start(t, Target(nil), variant, targettest.Options{Knobs: knobs, Arm: func(w *world.World) {
		shut = w.NewToken("the test")
		w.Arm(window, func(t *world.Task) { t.Await(shut) })
	}})
	return h, func() {
		t.Helper()
		h.AwaitTask(h.World.Go(world.Harness, "open the window", shut.Cancel))
	}
}

// waitsIn says whether a task of the server waits for an object; "" is any.
func waitsIn(h *targettest.Harness, task, object string) bool {
	return slices.ContainsFunc(h.Tasks(world.Target), func(s string) bool {
		return strings.HasPrefix(s, task+": ") && strings.HasSuffix(s, object)
	})
}

// TestLostWakeUp plays GW2 by the order of events: the drain has looked, the last relay ends and tells nobody,
// the drain waits.
func TestLostWakeUp(t *testing.T) {
	for variant, hangs := range map[string]bool{
		"check-then-wait": true, "release-increment": true, "loop-check-then-wait": true, "goaway": true,
		"subscribe-then-check": false, "pinned-rearm": false, "guard-decrement": false, "drain-reference": false,
	} {
		t.Run(variant, func(t *testing.T) {
			h, open := held(t, variant, windowWait, with())
			actor := h.Dial(opActor, "actor")
			actor.Hold = h.World.NewToken("the actor")
			h.Dial(opSession, "session").Send(1)
			h.Await("a relay", func() bool { return waitsIn(h, "relay of session", "the queue of session") })
			h.Signal()
			h.Await("the drain to look", func() bool { return waitsIn(h, "drain", "the test") || h.HasEnded() })
			actor.Release()
			h.Await("the relay to end", func() bool { return !waitsIn(h, "relay of session", "") })
			open()
			if !hangs {
				h.Await("the server to end", h.HasEnded)
				return
			}
			h.Still()
			if h.HasEnded() {
				t.Error("it ended")
			}
		})
	}
}

// TestOneProgramOfSeveralNames: the proposed memory order is no axis, so the row is that of the design that it was
// to repair; and the designs whose cell names no bug are the reference.
func TestOneProgramOfSeveralNames(t *testing.T) {
	rows := map[string]recipe{}
	for _, r := range recipes {
		name := r.Name
		r.Variant = targets.Variant{}
		rows[name] = r
	}
	for name, twin := range map[string]string{
		"release-increment": "check-then-wait", "release-deferred": "drain-reference", "dispatch-try-close": "drain-reference",
	} {
		if !reflect.DeepEqual(rows[name], rows[twin]) {
			t.Errorf("%s and %s differ: %+v, %+v", name, twin, rows[name], rows[twin])
		}
	}
	for _, r := range recipes {
		if len(r.Bugs) == 0 && !reflect.DeepEqual(rows[r.Name], rows["drain-reference"]) {
			t.Errorf("%s has no bug and is not the reference", r.Name)
		}
	}
}

// TestDroppedHandler plays GW4: more clients hang up than there are slots, and then one asks in order.
func TestDroppedHandler(t *testing.T) {
	for variant, refused := range map[string]int{"release-inline": 3, "release-deferred": 0, "drain-reference": 0} {
		t.Run(variant, func(t *testing.T) {
			h := targettest.Start(t, Target(nil), variant, targettest.Options{
				Knobs: with("work", "1s", "hang-up", "20ms", "slots", "2", "from", "one"),
			})
			hasty := h.Dial(opHangUp, "hasty")
			for held := 0; held < 2 && hasty.Refused(ledger.Overloaded) == 0; h.Still() {
				// On a busy machine a client may hang up before its request has a slot: such a request counts for nothing.
				if hungUpWithSlot(h, hasty) {
					held++
				}
			}
			patient := h.Dial(opHTTP, "patient")
			h.AwaitTask(patient.Send(3))
			if n := patient.Refused(ledger.Overloaded); n != refused {
				t.Errorf("%d requests of 3 were refused, want %d", n, refused)
			}
			if !h.Stop() {
				t.Errorf("it did not stop: %v", h.Tasks(world.Target))
			}
		})
	}
}

// hungUpWithSlot has the client ask once, and says whether an actor was at its request before the client hung up.
func hungUpWithSlot(h *targettest.Harness, c *targettest.Client) (held bool) {
	asked := c.Send(1)
	h.Await("a request to be dropped", func() bool {
		held = held || waitsIn(h, "actor for hasty", "")
		return asked.Ended()
	})
	return held
}

// TestThirdSignal ends a drain that a client keeps from ending.
func TestThirdSignal(t *testing.T) {
	for _, variant := range []string{"check-then-wait", "drain-reference"} {
		t.Run(variant, func(t *testing.T) {
			h := targettest.Start(t, Target(nil), variant, targettest.Options{Knobs: with("deadline", "1h")})
			h.Dial(opDeaf, "deaf")
			h.AwaitTask(h.Dial(opPush, "actor").Send(3))
			h.Signal()
			h.Await("the drain to begin", h.Draining)
			h.Signal()
			h.Still()
			if h.HasEnded() {
				t.Fatal("the second signal ended it")
			}
			h.Signal()
			h.Await("the third signal to end it", h.HasEnded)
			h.Still()
			b := h.Books()
			if variant == "drain-reference" && (b.Returned != 3 || len(b.Lost) > 0) {
				t.Errorf("of 3 messages %d were given back, lost %v", b.Returned, b.Lost)
			}
			if variant == "check-then-wait" && b.Lost[targettest.Unaccounted] > 0 {
				t.Errorf("lost %v", b.Lost)
			}
		})
	}
}

// TestOverload closes the one socket that does not keep up; the others get everything.
func TestOverload(t *testing.T) {
	h := targettest.Start(t, Target(nil), "drain-reference", targettest.Options{Knobs: with("queue", "4", "wire", "2", "linger", "5ms")})
	slow := h.Dial(opSocket, "slow")
	slow.Hold = h.World.NewToken("the slow client")
	brisk := h.Dial(opSocket, "brisk")
	actor := h.Dial(opPush, "actor")
	for range 30 {
		h.AwaitTask(actor.Send(1))
		h.Still()
	}
	if n := brisk.Delivered(); n != 30 {
		t.Errorf("the brisk client got %d of 30", n)
	}
	slow.Release()
	if !h.Stop() {
		t.Fatalf("it did not stop: %v", h.Tasks(world.Target))
	}
	if b := h.Books(); len(b.Lost) > 0 || len(b.Wrong) > 0 || b.Policy == 0 {
		t.Errorf("lost %v, wrong %v, the policy's %d", b.Lost, b.Wrong, b.Policy)
	}
}

// TestRateLimit refuses what one address asks too often.
func TestRateLimit(t *testing.T) {
	h := targettest.Start(t, Target(nil), "drain-reference", targettest.Options{Knobs: with("rate", "5", "rate-window", "1h")})
	one, other := h.Dial(opHTTP, "one"), h.Dial(opHTTPS, "other")
	h.AwaitTask(one.Send(8))
	h.AwaitTask(other.Send(5))
	if one.Accepted() != 5 || one.Refused(ledger.Overloaded) != 3 || other.Accepted() != 5 {
		t.Errorf("accepted %d and %d, refused %d; want 5, 5 and 3", one.Accepted(), other.Accepted(), one.Refused(ledger.Overloaded))
	}
	h.Stop()
}
