package ledger

import (
	"fmt"
	"time"
)

// event takes one record of the shared lane into the evidence.
func (r *reader) event(k Kind, rec *record) string {
	e, f := r.e, rec.flags()
	switch k {
	case KindLane:
		return r.lane(rec)
	case KindSubscribe:
		return r.subscribe(rec)
	case KindDiscard, KindReturned:
		d := Discard{
			Msg: MsgID(rec[1]), Lane: int(rec[2]), Station: low(rec[3]), Cause: high(rec[3]), Where: low(rec[4]),
			Policy: f&flagPolicy != 0, Draining: f&flagDraining != 0, At: time.Duration(rec[5]),
		}
		if d.Lane < -1 || d.Lane >= len(e.Lanes) {
			return noLane(d.Lane)
		}
		if k == KindDiscard {
			e.Discards = append(e.Discards, d)
		} else {
			e.Returned = append(e.Returned, d)
		}
	case KindGauge:
		e.Gauges = append(e.Gauges, Gauge{
			Name: low(rec[1]), Value: int64(rec[2]), Bound: int64(rec[3]), Final: f&flagFinal != 0, At: time.Duration(rec[4]),
		})
	case KindSignal:
		e.Signals = append(e.Signals, Signal{
			Number: int(rec[1]), Taken: f&flagTaken != 0, Power: f&flagPower != 0, Planned: time.Duration(rec[2]), At: time.Duration(rec[3]),
		})
	case KindDrain:
		return r.drain(rec)
	case KindWindow:
		e.Windows = append(e.Windows, Window{
			Name: low(rec[1]), Passed: int64(rec[2]), Struck: int64(rec[3]), Met: int64(rec[4]), Widened: f&flagWidened != 0,
		})
	case KindPanic:
		e.Panics = append(e.Panics, Panic{
			Task: low(rec[1]), Value: high(rec[1]), Stack: low(rec[2]), Target: f&flagTarget != 0, At: time.Duration(rec[3]),
		})
	case KindTask:
		e.Tasks = append(e.Tasks, Task{
			Name: low(rec[1]), Wait: high(rec[1]), Object: low(rec[2]), Holder: high(rec[2]), Since: time.Duration(rec[3]),
			Target: f&flagTarget != 0, Parked: f&flagParked != 0, AfterDrain: f&flagAfter != 0,
		})
	case KindPhase:
		e.Phases = append(e.Phases, Phase{
			Index: int(rec[1]), Name: low(rec[2]), Status: int(rec[3]), Signal: int(rec[4]), At: time.Duration(rec[5]),
			Ended: f&flagEnd != 0, Limit: f&flagLimit != 0, Ready: f&flagReady != 0,
		})
	case KindMark:
		e.Marks = append(e.Marks, Mark{Who: low(rec[1]), Text: high(rec[1]), Count: int64(rec[2]), At: time.Duration(rec[3])})
	case KindLoad:
		l := Load{
			Lane: int(rec[1]), Planned: int64(rec[2]), Late: int64(rec[3]), Unsent: int64(rec[4]), Worst: time.Duration(rec[5]),
		}
		if l.Lane < 0 || l.Lane >= len(e.Lanes) {
			return noLane(l.Lane)
		}
		e.Loads = append(e.Loads, l)
	default:
		return r.special(k, rec)
	}
	return ""
}

// special takes a record that only some targets write into the evidence.
func (r *reader) special(k Kind, rec *record) string {
	switch k {
	case KindWire:
		return r.wire(rec)
	case KindProcess:
		return r.process(rec)
	case KindOwner:
		return r.owner(rec)
	case KindAccess, KindValue, KindClaim, KindWaited:
		return r.stored(k, rec)
	case KindAudit:
		return r.audit(rec)
	default:
		return "a record without a kind"
	}
}

func noLane(lane int) string { return fmt.Sprintf("a mention of lane %d, which there is not", lane) }

func (r *reader) lane(rec *record) string {
	e := r.e
	if int(rec[1]) != len(e.Lanes) || len(e.Lanes) == maxLanes {
		return fmt.Sprintf("a description of lane %d where lane %d was due", int(rec[1]), len(e.Lanes))
	}
	e.Lanes = append(e.Lanes, LaneInfo{Name: e.Text(low(rec[2])), Group: e.Text(high(rec[2])), Op: e.Text(low(rec[3]))})
	var n counts
	if here := len(e.Lanes); here < len(r.counts) {
		n = r.counts[here]
	}
	e.Ops = withRoom(e.Ops, int(n.ops))
	e.Deliveries = withRoom(e.Deliveries, int(n.deliveries))
	r.next = append(r.next, 0)
	return ""
}

// withRoom adds an empty list for n values: one of an earlier reading where that has the room.
func withRoom[T any](lists [][]T, n int) [][]T {
	at := len(lists)
	if room := lists[:cap(lists)]; at < len(room) && cap(room[at]) >= n {
		lists = room[:at+1]
		lists[at] = lists[at][:0]
		return lists
	}
	if n == 0 {
		return append(lists, nil)
	}
	return append(lists, make([]T, 0, n))
}

func (r *reader) subscribe(rec *record) string {
	e, f := r.e, rec.flags()
	s := Subscription{
		Lane: int(rec[1]), Topics: rec[2], From: time.Duration(rec[3]), Until: time.Duration(rec[4]),
		Policy: f&flagPolicy != 0, Draining: f&flagDraining != 0,
	}
	if s.Lane < 0 || s.Lane >= len(e.Lanes) {
		return noLane(s.Lane)
	}
	if f&flagEnd == 0 {
		e.Subscriptions = append(e.Subscriptions, s)
		return ""
	}
	for i := len(e.Subscriptions) - 1; i >= 0; i-- {
		if open := &e.Subscriptions[i]; open.Lane == s.Lane && open.Until == 0 {
			open.Until, open.Policy, open.Draining = s.Until, s.Policy, s.Draining
			break
		}
	}
	return ""
}

func (r *reader) drain(rec *record) string {
	at := time.Duration(rec[1])
	if rec.flags()&flagEnd == 0 {
		if r.e.Drain == nil {
			r.e.Drain = &Drain{Began: at}
		}
		return ""
	}
	how := DrainEnd(rec[2])
	if rec[2] < uint64(DrainReturned) || rec[2] > uint64(DrainFailed) {
		return fmt.Sprintf("a drain that ended in way %d", rec[2])
	}
	if r.e.Drain == nil {
		r.e.Drain = &Drain{}
	}
	if d := r.e.Drain; d.Ended == 0 {
		d.Ended, d.How, d.Left, d.Error = at, how, int64(rec[3]), low(rec[4])
	}
	return ""
}
