// Package measure measures what clients experienced: latencies from the intended start, and what became
// of their operations. It reads the ledger, so that a trial judged again gives the same numbers, and one
// whose process was killed loses none.
package measure

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

// A Recorder is one histogram of durations that never refuses a value: what lies outside the range is
// counted at its end, for a call that hung must not vanish from the tail.
type Recorder struct {
	hist *hdrhistogram.Histogram
}

// NewRecorder returns an empty recorder.
func NewRecorder() *Recorder { return &Recorder{hist: result.NewHistogram()} }

// Record counts one duration. It does not allocate. One task at a time may call it.
func (r *Recorder) Record(d time.Duration) {
	// The value is in range, and that is all RecordValue can object to.
	_ = r.hist.RecordValue(min(max(int64(d), 0), result.HighestLatency))
}

// A series is the two recorders of one group.
type series struct {
	info          ledger.LaneInfo
	steady, drain *Recorder
	through       result.Throughput
}

func (s *series) record(start, end, struck time.Duration, hasStruck bool) {
	if hasStruck && end >= struck {
		s.drain.Record(end - start)
		return
	}
	s.steady.Record(end - start)
}

// Measure returns the latency of accepted operations by group and phase, and the counts of all. An
// operation belongs to the drain when it ended at or after the strike. A subscriber's latency runs from
// the intended start of the message to the return of its handler.
func Measure(e *ledger.Evidence, struck time.Duration, hasStruck bool) ([]result.Latency, []result.Throughput) {
	groups, byLane := groupsOf(e)
	began := e.LoadBegan()
	for lane, ops := range e.Ops {
		s := byLane[lane]
		for i := range ops {
			s.count(&ops[i], struck, hasStruck)
		}
	}
	for lane, deliveries := range e.Deliveries {
		s := byLane[lane]
		for _, d := range deliveries {
			op, ok := e.Op(d.Msg)
			if !ok {
				continue
			}
			s.record(op.Intended, d.At, struck, hasStruck)
			if !hasStruck || d.At < struck {
				s.through.Steady++
			}
			s.through.Accepted++
		}
	}
	given := map[ledger.MsgID]bool{}
	for _, d := range e.Returned {
		if lane := d.Msg.Lane(); lane < len(byLane) && !given[d.Msg] {
			given[d.Msg] = true
			byLane[lane].through.Returned++
		}
	}
	for _, l := range e.Loads {
		if l.Lane < len(byLane) {
			byLane[l.Lane].through.Late += l.Late
			byLane[l.Lane].through.Unsent += l.Unsent
		}
	}
	return conclude(groups, struck-began, hasStruck)
}

func (s *series) count(op *ledger.Op, struck time.Duration, hasStruck bool) {
	s.through.Sent++
	switch op.Outcome {
	case ledger.Refused:
		s.through.Refused++
	case ledger.Unknown:
		s.through.Unknown++
	default:
		s.through.Accepted++
		if !hasStruck || op.Ended < struck {
			s.through.Steady++
		}
		s.record(op.Intended, op.Ended, struck, hasStruck)
	}
}

// groupsOf returns one series a load group, in the order of their first lanes, and each lane's.
func groupsOf(e *ledger.Evidence) (groups, byLane []*series) {
	byLane = make([]*series, len(e.Lanes))
	for lane, info := range e.Lanes {
		audit := e.Audit != nil && lane == e.Audit.Lane
		for _, g := range groups {
			if g.info.Group == info.Group && g.info.Op == info.Op {
				byLane[lane] = g
			}
		}
		if byLane[lane] == nil {
			byLane[lane] = &series{
				info: info, steady: NewRecorder(), drain: NewRecorder(),
				through: result.Throughput{Op: info.Op, Group: info.Group},
			}
			if !audit { // what is found again on reopening is no load, and has no latency
				groups = append(groups, byLane[lane])
			}
		}
	}
	return groups, byLane
}

func conclude(groups []*series, window time.Duration, hasStruck bool) ([]result.Latency, []result.Throughput) {
	var latencies []result.Latency
	var through []result.Throughput
	for _, g := range groups {
		if hasStruck {
			g.through.Window = max(0, window)
		}
		through = append(through, g.through)
		for _, phase := range []struct {
			name string
			rec  *Recorder
		}{{result.Steady, g.steady}, {result.Drain, g.drain}} {
			if phase.rec.hist.TotalCount() > 0 {
				latencies = append(latencies, result.Latency{
					Op: g.info.Op, Group: g.info.Group, Phase: phase.name, Clock: "wall", Hist: phase.rec.hist,
				})
			}
		}
	}
	return latencies, through
}
