package invariant

import (
	"cmp"
	"math/bits"
	"slices"
	"sort"
	"time"

	"github.com/racebench/racebench/engine/invariant/external"
	"github.com/racebench/racebench/engine/ledger"
)

// An Index is a trial's evidence arranged for all judges at once: every delivery is looked at one time,
// here. It is not safe for concurrent use.
type Index struct {
	e     *ledger.Evidence
	base  []int // by lane: the number of its first message among all
	words int   // 64-bit words that a set of subscribers takes

	subscribers []subscriber
	subscriber  []int // by lane: its place in subscribers, or -1

	accepted []uint64 // the set of accepted messages
	seen     []uint64 // by message: the set of subscribers that saw it
	queued   []uint64 // the set of messages that somebody was still owed when the signal struck
	refused  []place  // operations that were refused, in order
	nAccept  int64
	openCall int64 // calls under way when the signal struck

	discards []ledger.Discard // by message
	returned []ledger.Discard

	repeats oddities // deliveries of what was delivered before
	swaps   oddities // deliveries out of order

	waitsBy map[ledger.MsgID]time.Duration // see waitsOf; nil before it was asked for

	program  *external.Program // nil for a server inside racebench
	strikeAt time.Duration     // when the first signal was sent
	struck   bool
	drained  bool // the drain ended, so that what has not arrived never will
}

// A place is an operation's: its lane and its index there.
type place struct{ lane, i int32 }

// NewIndex arranges the evidence of one trial, in one pass over its operations and deliveries.
func NewIndex(e *ledger.Evidence) *Index {
	x := &Index{e: e, program: external.Of(e), drained: e.Drain != nil && e.Drain.Ended > 0}
	strike, struck := e.Strike()
	x.strikeAt, x.struck = strike.At, struck
	x.base = make([]int, len(e.Ops)+1)
	for lane, ops := range e.Ops {
		x.base[lane+1] = x.base[lane] + len(ops)
	}
	x.addSubscribers()
	x.words = (len(x.subscribers) + 63) / 64
	total := x.base[len(e.Ops)]
	set := (total + 63) / 64
	room := make([]uint64, 2*set+total*x.words)
	x.accepted, x.queued, x.seen = room[:set:set], room[set:2*set:2*set], room[2*set:]
	x.discards, x.returned = byMessage(e.Discards), byMessage(e.Returned)
	mixed := x.addOps()
	x.addDeliveries(mixed)
	return x
}

func byMessage(list []ledger.Discard) []ledger.Discard {
	before := func(a, b ledger.Discard) int { return cmp.Compare(a.Msg, b.Msg) }
	if slices.IsSortedFunc(list, before) {
		return list
	}
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, before)
	return sorted
}

// addOps looks at every operation once. It returns the lanes that sent to more than one topic, by lane;
// nil when there is none.
func (x *Index) addOps() (mixed []bool) {
	for lane, ops := range x.e.Ops {
		for i := range ops {
			op := &ops[i]
			if x.struck && op.Began <= x.strikeAt && (op.Ended == 0 || op.Ended > x.strikeAt) {
				x.openCall++
			}
			if op.Topic != ops[0].Topic {
				if mixed == nil {
					mixed = make([]bool, len(x.e.Ops))
				}
				mixed[lane] = true
			}
			switch op.Outcome {
			case ledger.Accepted:
				add(x.accepted, x.base[lane]+i)
				x.nAccept++
			case ledger.Refused:
				x.refused = append(x.refused, place{int32(lane), int32(i)})
			}
		}
	}
	return mixed
}

// addDeliveries looks at every delivery once: first those before the strike, so that what was queued
// then can be told, and then the rest.
func (x *Index) addDeliveries(mixed []bool) {
	viewers := make([]viewer, len(x.subscribers))
	for n := range x.subscribers {
		viewers[n] = x.newViewer(n, mixed)
	}
	cut := make([]int, len(x.subscribers))
	if x.struck {
		for n, s := range x.subscribers {
			all := x.deliveries(s.lane)
			cut[n] = sort.Search(len(all), func(i int) bool { return all[i].At > x.strikeAt })
			viewers[n].view(all[:cut[n]])
		}
		x.markQueued()
	}
	for n, s := range x.subscribers {
		viewers[n].view(x.deliveries(s.lane)[cut[n]:])
	}
}

func (x *Index) deliveries(lane int) []ledger.Delivery {
	if lane >= len(x.e.Deliveries) {
		return nil
	}
	return x.e.Deliveries[lane]
}

// number is a message's place among all, or -1 when the record does not hold its operation.
func (x *Index) number(m ledger.MsgID) int {
	lane, seq := m.Lane(), m.Seq()
	if lane >= len(x.e.Ops) || seq < 1 || seq > int64(len(x.e.Ops[lane])) {
		return -1
	}
	return x.base[lane] + int(seq) - 1
}

// row is the set of subscribers that have seen message number n.
func (x *Index) row(n int) []uint64 { return x.seen[n*x.words : (n+1)*x.words] }

func (x *Index) seenByAny(n int) bool {
	return slices.ContainsFunc(x.row(n), func(w uint64) bool { return w != 0 })
}

// op is the operation at a place.
func (x *Index) op(p place) *ledger.Op { return &x.e.Ops[p.lane][p.i] }

// Sets are bits in words.

func add(set []uint64, n int) { set[n/64] |= 1 << (n % 64) }

func has(set []uint64, n int) bool { return set[n/64]&(1<<(n%64)) != 0 }

func count(set []uint64) int {
	n := 0
	for _, w := range set {
		n += bits.OnesCount64(w)
	}
	return n
}

// members calls visit with every member of the set, in order.
func members(set []uint64, visit func(n int)) {
	for w, word := range set {
		for ; word != 0; word &= word - 1 {
			visit(w*64 + bits.TrailingZeros64(word))
		}
	}
}
