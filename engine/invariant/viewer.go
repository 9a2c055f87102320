package invariant

import (
	"time"

	"github.com/racebench/racebench/engine/ledger"
)

// A viewer goes through one subscriber's deliveries in the order it saw them.
type viewer struct {
	x     *Index
	lane  int
	word  int
	bit   uint64
	mixed []bool
	// last is the highest number seen, by sender; where senders mix topics, by sender and topic, for
	// nobody promises an order between topics.
	last []int64
	// A lane that subscribed again may rightly be sent again what it saw before: then once holds what it
	// has seen since, and starts are the moments it begins anew.
	once   []uint64
	starts []time.Duration
}

// topicsMax is how many topics a subscription can tell apart.
const topicsMax = 64

func (x *Index) newViewer(n int, mixed []bool) viewer {
	s := x.subscribers[n]
	v := viewer{x: x, lane: s.lane, word: n / 64, bit: 1 << (n % 64), mixed: mixed}
	v.last = make([]int64, len(x.e.Ops))
	if mixed != nil {
		v.last = make([]int64, len(x.e.Ops)*topicsMax)
	}
	if len(s.spans) > 1 {
		v.once = make([]uint64, len(x.accepted))
		for _, span := range s.spans[1:] {
			v.starts = append(v.starts, span.From)
		}
	}
	return v
}

func (v *viewer) view(deliveries []ledger.Delivery) {
	x := v.x
	for i := range deliveries {
		d := deliveries[i]
		n := x.number(d.Msg)
		if n < 0 {
			continue
		}
		for len(v.starts) > 0 && d.At >= v.starts[0] {
			v.starts = v.starts[1:]
			clear(v.once)
			clear(v.last)
		}
		row := &x.seen[n*x.words+v.word]
		again := *row&v.bit != 0
		*row |= v.bit
		if v.once != nil {
			again = has(v.once, n)
			add(v.once, n)
		}
		switch {
		case again:
			x.repeats.add(v.lane, d, 0)
		case has(x.accepted, n): // nobody promises an order of what was not accepted
			last := v.slot(d.Msg, n)
			if seq := d.Msg.Seq(); seq > *last {
				*last = seq
			} else {
				x.swaps.add(v.lane, d, ledger.NewMsgID(d.Msg.Lane(), *last))
			}
		}
	}
}

func (v *viewer) slot(m ledger.MsgID, n int) *int64 {
	sender := m.Lane()
	if v.mixed == nil {
		return &v.last[sender]
	}
	topic := 0
	if v.mixed[sender] {
		topic = int(v.x.e.Ops[sender][n-v.x.base[sender]].Topic) % topicsMax
	}
	return &v.last[sender*topicsMax+topic]
}
