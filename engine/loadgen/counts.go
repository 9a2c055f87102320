package loadgen

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/racebench/racebench/engine/result"
)

// A class says how a request failed.
type class uint8

const (
	refused         class = iota // nobody took the connection
	unreachable                  // there was no connection for another reason: its name, its route, no port of our own left
	resetBeforeSend              // the connection ended before a byte was sent
	sentNoByte                   // all or some was sent, and no byte came back: the server may have read it or not
	partial                      // the answer had begun
	toldAway                     // the server said that it would not answer
	timedOut                     // the answer did not come within its limit
	garbage                      // what came is no answer
	classes
)

var classNames = [classes]string{
	"refused", "unreachable", "reset-before-send", "sent-no-byte", "partial", "told-away", "timeout", "garbage",
}

// unsent says whether the server can have seen nothing of a request that failed so, or said so.
func (k class) unsent() bool {
	return k == refused || k == unreachable || k == resetBeforeSend || k == toldAway
}

// A status of gRPC is its code and grpcStatus; there are grpcCodes. A good one has HTTP's.
const (
	grpcStatus = 1000
	grpcCodes  = 17
)

// Counts are what became of requests.
type Counts struct {
	Sent, Accepted, Refused, Unknown int64
	Late                             int64 // left late through the generator's own doing
	Unsent                           int64 // starts that a client had taken and that did not happen
	Opened, Retired                  int64 // connections: opened, and closed by the server while they were idle
	Out, In                          int64 // bytes at the socket
	steady                           int64 // accepted before the load's end
	statuses                         [grpcStatus + grpcCodes]int64
	failures                         [classes]int64
}

// InFlight is how many requests have no outcome yet.
func (c *Counts) InFlight() int64 { return c.Sent - c.Accepted - c.Refused - c.Unknown }

func (c *Counts) add(o *Counts) {
	c.Sent += o.Sent
	c.Accepted += o.Accepted
	c.Refused += o.Refused
	c.Unknown += o.Unknown
	c.Late += o.Late
	c.Unsent += o.Unsent
	c.Opened += o.Opened
	c.Retired += o.Retired
	c.Out += o.Out
	c.In += o.In
	c.steady += o.steady
	for i, n := range o.statuses {
		c.statuses[i] += n
	}
	for i, n := range o.failures {
		c.failures[i] += n
	}
}

// A Failure is how many requests failed in one way.
type Failure struct {
	Class string
	Count int64
}

// Failures are the classes that occurred, in the order of their table.
func (c *Counts) Failures() []Failure {
	var all []Failure
	for k, n := range c.failures {
		if n > 0 {
			all = append(all, Failure{classNames[k], n})
		}
	}
	return all
}

// A Status is how many answers had a status.
type Status struct {
	Status int
	Count  int64
}

// Statuses are those that occurred, in their order.
func (c *Counts) Statuses() []Status {
	var all []Status
	for status, n := range c.statuses {
		if n > 0 && status > 0 { // a message has none
			all = append(all, Status{status, n})
		}
	}
	return all
}

// pair is the two times of a request that was accepted: from its intended start, and from when it left.
type pair struct{ latency, service *hdrhistogram.Histogram }

func newPair() pair { return pair{result.NewHistogram(), result.NewHistogram()} }

func (p pair) reset() {
	p.latency.Reset()
	p.service.Reset()
}

func (p pair) merge(o pair) {
	p.latency.Merge(o.latency)
	p.service.Merge(o.service)
}

// A shard is what some clients count. They hold its lock for some nanoseconds, and whoever collects holds it as long as
// it takes to put an empty pair of histograms there.
type shard struct {
	mu sync.Mutex
	n  Counts
	pair
	spare pair
	record
}

func newShard(r *Recording) *shard {
	return &shard{pair: newPair(), spare: newPair(), record: newRecord(r)}
}

// collect adds to sum what was measured since the last time, and returns the counts so far.
func (s *shard) collect(sum pair) Counts {
	s.mu.Lock()
	full := s.pair
	s.pair, s.spare = s.spare, full
	n := s.n
	s.mu.Unlock()
	sum.merge(full)
	full.reset()
	return n
}

// A sent request is one that has left, as far as its counting goes.
type sent struct {
	intended, left time.Duration
	late           bool
	out, in        int64
}

func (s *shard) begin(late bool) {
	s.mu.Lock()
	s.n.Sent++
	if late {
		s.n.Late++
	}
	s.mu.Unlock()
}

// answered counts a whole answer.
func (s *shard) answered(q *sent, status int, good bool, at, end time.Duration) {
	s.mu.Lock()
	s.n.statuses[status]++
	s.n.Out += q.out
	s.n.In += q.in
	if good {
		s.n.Accepted++
		if at <= end {
			s.n.steady++
		}
		_ = s.latency.RecordValue(clamped(at - q.intended)) // in range, and that is all it can object to
		_ = s.service.RecordValue(clamped(at - q.left))
		if s.all {
			s.put(q, status, wellAnswered, at)
		}
	} else {
		s.n.Refused++
		if s.n.statuses[status] <= s.each {
			s.put(q, status, badlyAnswered, at)
		}
	}
	s.mu.Unlock()
}

func clamped(d time.Duration) int64 { return min(max(int64(d), 0), result.HighestLatency) }

func (s *shard) failed(q *sent, k class, at time.Duration) {
	s.mu.Lock()
	s.n.failures[k]++
	s.n.Out += q.out
	s.n.In += q.in
	if k.unsent() {
		s.n.Refused++
	} else {
		s.n.Unknown++
	}
	if s.n.failures[k] <= s.each {
		s.put(q, 0, kind(k), at)
	}
	s.mu.Unlock()
}

func (s *shard) unsent() {
	s.mu.Lock()
	s.n.Unsent++
	s.mu.Unlock()
}

func (s *shard) opened() {
	s.mu.Lock()
	s.n.Opened++
	s.mu.Unlock()
}

func (s *shard) retired() {
	s.mu.Lock()
	s.n.Retired++
	s.mu.Unlock()
}

// reasons keep the first text for each class that needs one.
type reasons struct {
	mu    sync.Mutex
	texts [classes]string
}

func (r *reasons) note(k class, err error) {
	if err == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.texts[k] == "" {
		r.texts[k] = err.Error()
	}
}
