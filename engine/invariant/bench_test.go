package invariant

import (
	"fmt"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

// busy is the evidence of a healthy trial: senders, each seen by every subscriber, a few messages lost in
// the drain.
func busy(senders, subscribers, each int) *ledger.Evidence {
	const step = 10 * time.Microsecond
	strike := time.Duration(each) * step / 2
	e := &ledger.Evidence{
		Drain:   &ledger.Drain{Began: strike, Ended: 2 * time.Duration(each) * step, How: ledger.DrainReturned},
		Signals: []ledger.Signal{{Number: 15, At: strike}},
	}
	for lane := range senders + subscribers {
		e.Lanes = append(e.Lanes, ledger.LaneInfo{Name: fmt.Sprintf("lane-%d", lane), Op: "x", Group: "x"})
	}
	e.Ops, e.Deliveries = make([][]ledger.Op, len(e.Lanes)), make([][]ledger.Delivery, len(e.Lanes))
	for i := range each {
		at := time.Duration(i+1) * step
		for lane := range senders {
			e.Ops[lane] = append(e.Ops[lane], ledger.Op{Msg: ledger.NewMsgID(lane, int64(i+1)), Intended: at, Began: at, Ended: at + step/2, Outcome: ledger.Accepted})
		}
		for sub := senders; sub < len(e.Lanes); sub++ {
			for lane := range senders {
				if i%1000 != 999 {
					e.Deliveries[sub] = append(e.Deliveries[sub], ledger.Delivery{Msg: ledger.NewMsgID(lane, int64(i+1)), At: at + step})
				}
			}
		}
	}
	for sub := range subscribers {
		e.Subscriptions = append(e.Subscriptions, ledger.Subscription{Lane: senders + sub, Topics: 1})
	}
	return e
}

// BenchmarkJudge builds the index and asks every invariant. ns/record is what a record of the ledger costs.
func BenchmarkJudge(b *testing.B) {
	for _, shape := range []struct{ senders, subscribers, each int }{{8, 68, 1800}, {8, 1, 62_500}} {
		b.Run(fmt.Sprintf("%d-to-%d", shape.senders, shape.subscribers), func(b *testing.B) {
			e := busy(shape.senders, shape.subscribers, shape.each)
			records := shape.senders * shape.each * (1 + shape.subscribers)
			terms := breach.Terms{DrainLimit: time.Minute, Signals: []int{15}}
			b.ReportAllocs()
			for b.Loop() {
				x := NewIndex(e)
				breaches := 0
				for _, v := range All() {
					breaches += len(v.Check(x, terms))
				}
				AtRisk(x, terms)
				if breaches != 1 {
					b.Fatalf("%d breaches, not the planted one", breaches)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(records), "ns/record")
		})
	}
}
