package loadgen

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/racebench/racebench/engine/result"
)

// A Tick is what happened since the last one, with the counts so far.
type Tick struct {
	At     time.Duration // since the load began
	Took   time.Duration // since the last tick
	Counts               // so far
	Done   int64         // accepted in this tick
	Failed int64         // refused or unknown in this tick
	// Latency is that of this tick's accepted requests, from their intended starts. It is valid while it is told.
	Latency *hdrhistogram.Histogram
}

// A total is what one group's shards have come to.
type total struct {
	all, tick pair
	counts    Counts
}

// collect gathers what the shards count, once a tick, until all who count have ended.
func collect(ctx context.Context, c *Config, engine string, loads []*load, running *sync.WaitGroup, zero time.Time) result.Trial {
	ended := make(chan struct{})
	go func() {
		running.Wait()
		close(ended)
	}()
	totals := make([]total, len(loads))
	for i := range totals {
		totals[i] = total{all: newPair(), tick: newPair()}
	}
	ticker := time.NewTicker(c.Every)
	defer ticker.Stop()
	var line timeline
	line.width = c.Every
	var last Tick
	sum := newPair()
	to := newRecorder(c.Record, loads)
	record := func() {
		for _, l := range loads {
			to.take(l)
		}
	}
	gather := func() {
		record()
		now := Tick{At: time.Since(zero)}
		now.Took = now.At - last.At
		sum.reset()
		for i, l := range loads {
			l.gather(&totals[i])
			sum.merge(totals[i].tick)
			now.Counts.add(&totals[i].counts)
		}
		now.Latency, now.Done = sum.latency, sum.latency.TotalCount()
		now.Failed = now.Refused + now.Unknown - last.Refused - last.Unknown
		line.add(now)
		last = now
		if c.Tick != nil {
			c.Tick(now)
		}
	}
	var between <-chan time.Time
	if c.Record.What == RecordAll {
		often := time.NewTicker(allEvery)
		defer often.Stop()
		between = often.C
	}
	for {
		select {
		case <-ticker.C:
			gather()
			continue
		case <-between:
			record()
			continue
		case <-ended:
		}
		break
	}
	took := time.Since(zero)
	gather()
	t := conclude(ctx, c, engine, loads, totals, &line, took)
	if note := to.close(last.Accepted+last.Refused+last.Unknown, last.Refused+last.Unknown); note != "" {
		t.Notes = append(t.Notes, note)
	}
	return t
}

func (l *load) gather(t *total) {
	t.tick.reset()
	t.counts = Counts{}
	for _, s := range l.shards {
		n := s.collect(t.tick)
		t.counts.add(&n)
	}
	t.all.merge(t.tick)
}

func (l *load) addLatency(all []result.Latency, h *hdrhistogram.Histogram) []result.Latency {
	if h.TotalCount() == 0 {
		return all
	}
	return append(all, result.Latency{Op: l.Op, Group: l.Name, Phase: result.Steady, Clock: "wall", Hist: h})
}

// conclude makes the trial of all that was counted.
func conclude(ctx context.Context, c *Config, engine string, loads []*load, totals []total, line *timeline, took time.Duration) result.Trial {
	t := result.Trial{Verdict: result.Passed, Timeline: line.ticks(), TickWidth: line.width}
	window := min(took, c.For)
	var open, in, out, opened, retired int64
	for i, l := range loads {
		n := &totals[i].counts
		open += n.InFlight()
		in, out, opened, retired = in+n.In, out+n.Out, opened+n.Opened, retired+n.Retired
		th := result.Throughput{
			Op: l.Op, Group: l.Name, Sent: n.Sent, Accepted: n.Accepted, Refused: n.Refused, Unknown: n.Unknown + n.InFlight(),
			Late: n.Late, Steady: n.steady, Window: window,
		}
		if l.starts != nil && ctx.Err() == nil {
			th.Unsent = n.Unsent + l.starts.rest()
		}
		t.Throughput = append(t.Throughput, th)
		t.Latency = l.addLatency(t.Latency, totals[i].all.latency)
		t.Service = l.addLatency(t.Service, totals[i].all.service)
		for _, s := range n.Statuses() {
			t.Answers = append(t.Answers, result.Answer{Op: l.Op, Group: l.Name, Phase: result.Steady, Status: s.Status, Count: s.Count})
		}
		for _, f := range n.Failures() {
			t.Failures = append(t.Failures, result.Failure{Op: l.Op, Group: l.Name, Phase: result.Steady, Class: f.Class, Count: f.Count})
		}
		for k, text := range l.said.texts {
			if text != "" {
				t.Notes = append(t.Notes, fmt.Sprintf("%s: the first %s: %s", l.Name, classNames[k], text))
			}
		}
	}
	if open > 0 {
		t.Notes = append(t.Notes, fmt.Sprintf("in flight when the load was ended: %d, which count as unknown", open))
	}
	t.Notes = append(t.Notes, fmt.Sprintf("engine %s; connections: %d opened, %d closed by the server while idle; bytes: %d sent, %d received", engine, opened, retired, out, in))
	return t
}
