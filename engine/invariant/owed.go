package invariant

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/racebench/racebench/engine/ledger"
)

// A subscriber is one lane that is sent messages, with the times it was subscribed, in order.
type subscriber struct {
	lane  int
	spans []ledger.Subscription
}

func (x *Index) addSubscribers() {
	x.subscriber = make([]int, max(len(x.e.Lanes), len(x.e.Ops), len(x.e.Deliveries)))
	for i := range x.subscriber {
		x.subscriber[i] = -1
	}
	for _, s := range x.e.Subscriptions {
		if s.Lane < 0 || s.Lane >= len(x.subscriber) {
			continue
		}
		n := x.subscriber[s.Lane]
		if n < 0 {
			n = len(x.subscribers)
			x.subscriber[s.Lane] = n
			x.subscribers = append(x.subscribers, subscriber{lane: s.Lane})
		}
		x.subscribers[n].spans = append(x.subscribers[n].spans, s)
	}
	for _, s := range x.subscribers {
		slices.SortStableFunc(s.spans, func(a, b ledger.Subscription) int { return cmp.Compare(a.From, b.From) })
	}
}

// owing is whom messages are owed to, as far as subscriptions go: sets of subscribers by topic.
type owing struct {
	x      *Index
	counts func(ledger.Subscription) bool // whether a subscription that reaches so far owes anything
	sets   []uint64                       // words of the index for each topic that is subscribed to
	// missing is room for the answer to the last question.
	missing  []uint64
	discards cursor
	returned cursor
	// clears says whether a give-back excuses it as well; nil is that it does.
	clears func(ledger.Discard) bool
	// excuse says whether the loss of a message to a subscriber is nobody's fault.
	excuse func(ledger.Discard) bool
}

func (x *Index) newOwing(counts func(ledger.Subscription) bool, excuse func(ledger.Discard) bool) *owing {
	var topics uint64
	for _, s := range x.subscribers {
		for _, span := range s.spans {
			topics |= span.Topics
		}
	}
	room := make([]uint64, x.words*(1+bits.Len64(topics)))
	o := &owing{x: x, counts: counts, excuse: excuse, missing: room[:x.words:x.words], sets: room[x.words:]}
	o.discards.list, o.returned.list = x.discards, x.returned
	for n, s := range x.subscribers {
		for _, span := range s.spans {
			if !counts(span) {
				continue
			}
			members([]uint64{span.Topics}, func(topic int) { add(o.set(topic), n) })
		}
	}
	return o
}

// set is the set of subscribers that a topic's messages are owed to; nil when nobody subscribed to it.
func (o *owing) set(topic int) []uint64 {
	if at := topic * o.x.words; at < len(o.sets) {
		return o.sets[at : at+o.x.words]
	}
	return nil
}

// unseen returns the set of subscribers that an accepted message is owed to and that have not seen it;
// nil when there is none. The set is good until the next call. Messages are asked for in the order of
// their lanes and numbers.
func (o *owing) unseen(op *ledger.Op, sender, n int) []uint64 {
	row, some := o.x.row(n), uint64(0)
	for w, set := range o.set(int(op.Topic)) {
		o.missing[w] = set &^ row[w]
		some |= o.missing[w]
	}
	if some == 0 {
		return nil
	}
	discards, returned := o.discards.at(op.Msg), o.returned.at(op.Msg)
	some = 0
	members(o.missing, func(k int) {
		s := &o.x.subscribers[k]
		d, known := about(discards, s.lane)
		given, back := about(returned, s.lane)
		back = back && (o.clears == nil || o.clears(given))
		if s.lane == sender || !o.spans(s, op) || back || known && o.excuse(d) {
			o.missing[k/64] &^= 1 << (k % 64)
		}
	})
	for _, w := range o.missing {
		some |= w
	}
	if some == 0 {
		return nil
	}
	return o.missing
}

// spans says whether a subscription of s began before the message was sent and still counted.
func (o *owing) spans(s *subscriber, op *ledger.Op) bool {
	for _, span := range s.spans {
		if span.From <= op.Began && span.Topics&(1<<op.Topic) != 0 && o.counts(span) && (span.Until == 0 || op.Ended <= span.Until) {
			return true
		}
	}
	return false
}

// A cursor hands out the records about messages that are asked for in order, without searching.
type cursor struct {
	list []ledger.Discard // by message
	i    int
}

func (c *cursor) at(m ledger.MsgID) []ledger.Discard {
	for c.i < len(c.list) && c.list[c.i].Msg < m {
		c.i++
	}
	end := c.i
	for end < len(c.list) && c.list[end].Msg == m {
		end++
	}
	return c.list[c.i:end]
}

// about returns the record about a subscriber's lane. One that names the lane goes before one that
// speaks of all.
func about(records []ledger.Discard, lane int) (ledger.Discard, bool) {
	best, ok := ledger.Discard{}, false
	for _, d := range records {
		switch d.Lane {
		case lane:
			return d, true
		case -1:
			best, ok = d, true
		}
	}
	return best, ok
}
