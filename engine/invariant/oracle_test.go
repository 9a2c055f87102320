package invariant

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

// random evidence of a server that loses, repeats and reorders, with more subscribers than one word holds.
func random(r *rand.Rand) *ledger.Evidence {
	const ms = time.Millisecond
	senders, subscribers, n := 1+r.IntN(3), r.IntN(140), r.IntN(12)
	e := &ledger.Evidence{Drain: &ledger.Drain{Began: 50 * ms, Ended: 200 * ms, How: ledger.DrainReturned}}
	e.Signals = []ledger.Signal{{Number: 15, At: 50 * ms}}
	for range senders + subscribers {
		e.Lanes = append(e.Lanes, ledger.LaneInfo{Name: "x", Op: "x", Group: "x"})
	}
	e.Ops, e.Deliveries = make([][]ledger.Op, len(e.Lanes)), make([][]ledger.Delivery, len(e.Lanes))
	at := func() time.Duration { return time.Duration(1+r.IntN(160)) * ms }
	for lane := range senders {
		topics := 1 + r.IntN(2)
		var now time.Duration
		for i := range n {
			op := ledger.Op{Msg: ledger.NewMsgID(lane, int64(i+1)), Topic: uint8(r.IntN(topics)), Began: now + time.Duration(1+r.IntN(10))*ms}
			op.Ended = op.Began + time.Duration(r.IntN(3))*ms
			now = op.Ended
			op.Outcome = []ledger.Outcome{ledger.Accepted, ledger.Accepted, ledger.Accepted, ledger.Refused, ledger.Unknown}[r.IntN(5)]
			e.Ops[lane] = append(e.Ops[lane], op)
		}
	}
	for lane := senders; lane < len(e.Lanes); lane++ {
		s := ledger.Subscription{Lane: lane, Topics: uint64(1 + r.IntN(3))}
		if r.IntN(4) == 0 {
			s.From = at()
		}
		if r.IntN(4) == 0 {
			s.Until, s.Policy, s.Draining = s.From+at(), r.IntN(2) == 0, r.IntN(2) == 0
		}
		e.Subscriptions = append(e.Subscriptions, s)
		if s.Until != 0 && r.IntN(3) == 0 {
			e.Subscriptions = append(e.Subscriptions, ledger.Subscription{Lane: lane, Topics: 1, From: s.Until + 5*ms})
		}
		var now time.Duration
		for range r.IntN(2 * (senders*n + 1)) {
			now += time.Duration(r.IntN(20)) * ms
			e.Deliveries[lane] = append(e.Deliveries[lane], ledger.Delivery{Msg: ledger.NewMsgID(r.IntN(senders), int64(1+r.IntN(n+1))), At: now})
		}
	}
	for range r.IntN(30) {
		d := ledger.Discard{Msg: ledger.NewMsgID(r.IntN(senders), int64(1+r.IntN(n+1))), Lane: -1 + r.IntN(len(e.Lanes)+1), Policy: r.IntN(2) == 0, Draining: r.IntN(2) == 0, At: at()}
		if r.IntN(3) == 0 {
			e.Returned = append(e.Returned, d)
		} else {
			e.Discards = append(e.Discards, d)
		}
	}
	return e
}

// oracle says by brute force what an index must find: lost, queued, queued and lost, calls, calls whose
// message was lost, repeats, swaps.
func oracle(e *ledger.Evidence, strike time.Duration) string {
	var lost, queued, both, calls, lostCalls, repeats, swaps int
	for sender, ops := range e.Ops {
		for _, op := range ops {
			isCall := op.Began <= strike && op.Ended > strike
			calls += one(isCall)
			if op.Outcome != ledger.Accepted {
				continue
			}
			isLost, isQueued := false, false
			for lane := range e.Lanes {
				if lane == sender {
					continue
				}
				toEnd, atStrike := owedTo(e, lane, op, strike)
				seenAt := firstSeen(e, lane, op.Msg)
				gone, excused := discarded(e.Discards, lane, op.Msg)
				back, _ := discarded(e.Returned, lane, op.Msg)
				if toEnd && seenAt < 0 && !excused && back < e.Drain.Began {
					isLost = true
				}
				if atStrike && (seenAt < 0 || seenAt > strike) && !excused && !(gone >= 0 && gone <= strike) && op.Ended <= strike {
					isQueued = true
				}
			}
			lost, queued, both = lost+one(isLost), queued+one(isQueued), both+one(isLost && isQueued)
			lostCalls += one(isLost && isCall)
		}
	}
	for lane, all := range e.Deliveries {
		for i, d := range all {
			op, ok := e.Op(d.Msg)
			if !ok {
				continue
			}
			again, overtaken := false, false
			for _, before := range all[:i] {
				if parted(e, lane, before.At, d.At) {
					continue
				}
				o, ok := e.Op(before.Msg)
				again = again || before.Msg == d.Msg
				overtaken = overtaken || ok && o.Outcome == ledger.Accepted && o.Topic == op.Topic &&
					before.Msg.Lane() == d.Msg.Lane() && before.Msg.Seq() > d.Msg.Seq()
			}
			repeats, swaps = repeats+one(again), swaps+one(overtaken && !again && op.Outcome == ledger.Accepted)
		}
	}
	return fmt.Sprint(lost, queued, both, calls, lostCalls, repeats, swaps)
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func owedTo(e *ledger.Evidence, lane int, op ledger.Op, strike time.Duration) (toEnd, atStrike bool) {
	for _, s := range e.Subscriptions {
		if s.Lane != lane || s.Topics&(1<<op.Topic) == 0 || s.From > op.Began || s.Until != 0 && s.Until < op.Ended {
			continue
		}
		toEnd = toEnd || s.Until == 0 || s.Policy && s.Draining
		atStrike = atStrike || s.Until == 0 || s.Until > strike
	}
	return toEnd, atStrike
}

func firstSeen(e *ledger.Evidence, lane int, m ledger.MsgID) time.Duration {
	for _, d := range e.Deliveries[lane] {
		if d.Msg == m {
			return d.At
		}
	}
	return -1
}

// discarded is when the record about a lane says a message left, or -1, and whether the policy excuses it.
func discarded(list []ledger.Discard, lane int, m ledger.MsgID) (time.Duration, bool) {
	at, excused := time.Duration(-1), false
	for _, d := range list {
		if d.Msg == m && d.Lane == lane {
			return d.At, d.Policy && !d.Draining
		}
		if d.Msg == m && d.Lane == -1 {
			at, excused = d.At, d.Policy && !d.Draining
		}
	}
	return at, excused
}

// parted says whether the lane subscribed again between two moments.
func parted(e *ledger.Evidence, lane int, a, b time.Duration) bool {
	first := true
	for _, s := range e.Subscriptions {
		if s.Lane != lane {
			continue
		}
		if !first && s.From > a && s.From <= b {
			return true
		}
		first = false
	}
	return false
}

// givenAndSeen counts what was given back for a lane, or for all, and seen there.
func givenAndSeen(e *ledger.Evidence) int64 {
	type back struct {
		m    ledger.MsgID
		lane int
	}
	found := map[back]bool{}
	for _, d := range e.Returned {
		op, ok := e.Op(d.Msg)
		if !ok || op.Outcome != ledger.Accepted {
			continue
		}
		for lane := range e.Lanes {
			if subscribes(e, lane) && (d.Lane == lane || d.Lane == -1) && firstSeen(e, lane, d.Msg) >= 0 {
				found[back{d.Msg, d.Lane}] = true
			}
		}
	}
	return int64(len(found))
}

func subscribes(e *ledger.Evidence, lane int) bool {
	return slices.ContainsFunc(e.Subscriptions, func(s ledger.Subscription) bool { return s.Lane == lane })
}

func TestIndexAgreesWithBruteForce(t *testing.T) {
	terms := breach.Terms{DrainLimit: time.Second}
	var lost, queued, odd int64
	for seed := range uint64(1500) {
		e := random(rand.New(rand.NewPCG(seed, 1)))
		x := NewIndex(e)
		var n, twice int64
		for _, b := range mustFind(t, "no-lost-message").Check(x, terms) {
			if strings.HasSuffix(b.Class, "/"+returnedAndDelivered) {
				twice += b.Count
			} else {
				n += b.Count
			}
		}
		risks := AtRisk(x, terms)
		risk, calls := risks[0], risks[1]
		got := fmt.Sprint(n, risk.Count, risk.Lost, calls.Count, calls.Lost, x.repeats.n, x.swaps.n)
		if want := oracle(e, x.strikeAt); got != want {
			t.Fatalf("seed %d: lost, queued, queued and lost, calls, lost calls, repeats, swaps are %s, not %s\n%s", seed, got, want, ledger.Format(e))
		}
		if want := givenAndSeen(e); twice != want {
			t.Fatalf("seed %d: %d give-backs were delivered as well, not %d\n%s", seed, twice, want, ledger.Format(e))
		}
		lost, queued, odd = lost+n, queued+risk.Lost, odd+x.swaps.n
	}
	if lost == 0 || queued == 0 || odd == 0 {
		t.Errorf("%d lost, %d queued and lost, %d swaps in all: too tame to prove anything", lost, queued, odd)
	}
}
