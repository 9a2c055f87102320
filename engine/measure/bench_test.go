package measure

import (
	"fmt"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/ledger"
)

// load is the evidence of a trial in which senders publish so many messages in all and every subscriber
// sees every one of them. Latencies are spread over four powers of ten, as those of a server in trouble.
func load(senders, messages, subscribers int) *ledger.Evidence {
	e := &ledger.Evidence{Phases: []ledger.Phase{{Ready: true}}}
	for lane := range senders {
		e.Lanes = append(e.Lanes, ledger.LaneInfo{Name: fmt.Sprintf("publish-%d", lane), Group: "publish", Op: "publish"})
		ops := make([]ledger.Op, messages/senders)
		for i := range ops {
			began := time.Duration(i*senders+lane) * time.Microsecond
			ops[i] = ledger.Op{
				Msg: ledger.NewMsgID(lane, int64(i+1)), Intended: began, Began: began,
				Ended: began + time.Duration(1+i*i%9973)*time.Microsecond, Outcome: ledger.Accepted,
			}
		}
		e.Ops = append(e.Ops, ops)
		e.Deliveries = append(e.Deliveries, nil)
	}
	for s := range subscribers {
		e.Lanes = append(e.Lanes, ledger.LaneInfo{Name: fmt.Sprintf("subscribe-%d", s), Group: "subscribe", Op: "subscribe"})
		e.Ops = append(e.Ops, nil)
		seen := make([]ledger.Delivery, 0, messages)
		for i := range messages {
			op := &e.Ops[i%senders][i/senders]
			seen = append(seen, ledger.Delivery{Msg: op.Msg, At: op.Ended + time.Duration(s)*10*time.Microsecond})
		}
		e.Deliveries = append(e.Deliveries, seen)
	}
	return e
}

// BenchmarkMeasure is what measuring costs a judged trial, a record.
func BenchmarkMeasure(b *testing.B) {
	for _, shape := range []struct {
		name                           string
		senders, messages, subscribers int
	}{
		{"20000x50", 8, 20_000, 50},
		{"500000x1", 8, 500_000, 1},
		{"500x4", 2, 500, 4}, // a short trial: what it costs before the first record
	} {
		b.Run(shape.name, func(b *testing.B) {
			e := load(shape.senders, shape.messages, shape.subscribers)
			struck := time.Duration(shape.messages) * time.Microsecond * 3 / 4
			b.ReportAllocs()
			for b.Loop() {
				Measure(e, struck, true)
			}
			records := shape.messages * (shape.subscribers + 1)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(records), "ns/record")
		})
	}
}
