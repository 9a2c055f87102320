// Package loadgen offers plain load: requests to a server that runs already, and nothing else. It starts no process,
// sends no signal and judges nothing; it measures.
//
// A group of clients follows one of two models. In the closed one each client sends a request, awaits its answer and
// goes on. In the open one a schedule says when requests start, whatever becomes of earlier ones; a pool of clients
// sends them, and their latency runs from when they should have started.
//
// What a request's failure means for the server is for other packages to judge. Here every failure has a class, and
// none enters the latency of those that went well.
package loadgen

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/racebench/racebench/engine/reach"
	"github.com/racebench/racebench/engine/result"
)

// The ways to drive connections. Auto takes the cheapest that does.
const (
	Auto      = "auto"
	Goroutine = "goroutine" // a goroutine a connection: everywhere, and TLS
	Epoll     = "epoll"     // one loop for many connections: Linux, without TLS
)

// Engines are the words that name them.
func Engines() []string { return []string{Auto, Goroutine, Epoll} }

// DefaultAnswerLimit is how long an answer may take until it counts as a timeout.
const DefaultAnswerLimit = 10 * time.Second

const (
	// defaultTail is how long after its end requests of an open load are still started whose time had come.
	defaultTail = time.Second
	// lateness is how late a request may leave without being counted as late.
	lateness = time.Millisecond
	// connectFirst is how long connections may take that are opened before the load begins.
	connectFirst = time.Second
)

// A Group is some clients that do the same.
type Group struct {
	Op, Name string
	Requests []Request // each client sends them in turns
	// Upgrade makes each connection a WebSocket: Requests are messages then, and the next message is the answer. It
	// needs the engine of goroutines.
	Upgrade *Request
	// Streams makes them clients of HTTP/2, whose Requests NewStream has made; nil: HTTP/1.1 or WebSockets.
	Streams *Streams
	// Good says whether an answer's status is the one that is wanted.
	Good    func(status int) bool
	Clients int
	// Schedule makes the load an open one, sent by a pool of so many clients; nil is the closed model.
	Schedule *Schedule
	// Think is how long a client of the closed model pauses after an answer: drawn anew each time.
	ThinkMin, ThinkMax time.Duration
	// Ramp spreads the first requests of a closed load's clients over a time.
	Ramp time.Duration
}

// A Config is a whole load.
type Config struct {
	Address string    // host:port; its host has been resolved where that can be done
	Way     reach.Way // how connections to it are made
	TLS     *tls.Config
	Groups  []Group
	For     time.Duration
	// Tail is how long after For requests of an open load are still started whose time had come; 0 means a second.
	Tail time.Duration
	// AnswerLimit is how long an answer may take; 0 means DefaultAnswerLimit.
	AnswerLimit time.Duration
	Engine      string // one of Engines; empty means Auto
	// Stream returns the named stream of chance.
	Stream func(name string) *rand.Rand
	// Every is how often Tick is told what happened; 0 means a second.
	Every time.Duration
	Tick  func(Tick)
	// Record says what is kept of single requests.
	Record Recording
}

// EngineFor says which engine a load would run in, or why it cannot run in the one that it asks for.
func (c *Config) EngineFor() (string, error) {
	switch c.Engine {
	case "", Auto:
		if hasEpoll && c.TLS == nil && !c.framed() {
			return Epoll, nil
		}
		return Goroutine, nil
	case Goroutine:
		return Goroutine, nil
	case Epoll:
		switch {
		case !hasEpoll:
			return "", fmt.Errorf("engine epoll is for Linux: this is %s", runtime.GOOS)
		case c.TLS != nil:
			return "", fmt.Errorf("engine epoll has no TLS: use goroutine, or auto")
		case c.framed():
			return "", fmt.Errorf("engine epoll has no WebSocket and no HTTP/2: use goroutine, or auto")
		}
		return Epoll, nil
	}
	return "", fmt.Errorf("engine %q: it is auto, goroutine or epoll", c.Engine)
}

// framed says whether any connection is a WebSocket, or speaks HTTP/2.
func (c *Config) framed() bool {
	return slices.ContainsFunc(c.Groups, func(g Group) bool { return g.Upgrade != nil || g.Streams != nil })
}

// A load is one group under way.
type load struct {
	Group
	c      *Config
	number int
	limit  time.Duration
	clock
	starts *starts // of an open load
	parts  []int   // its clients, by shard
	shards []*shard
	said   reasons
	pool   pool // of clients of HTTP/2

	ready *sync.WaitGroup // clients that still prepare
	begun chan struct{}   // closed when the load begins
}

// A clock is the time since a load began.
type clock struct{ zero time.Time }

func (c *clock) now() time.Duration { return time.Since(c.zero) }

// Run offers a load until its time is over or ctx ends, and returns what came of it as one trial.
func Run(ctx context.Context, c Config) (result.Trial, error) {
	engine, err := c.EngineFor()
	if err != nil {
		return result.Trial{}, fmt.Errorf("offer load: %w", err)
	}
	if c.AnswerLimit == 0 {
		c.AnswerLimit = DefaultAnswerLimit
	}
	if c.Tail == 0 {
		c.Tail = defaultTail
	}
	if c.Every == 0 {
		c.Every = time.Second
	}
	loads := make([]*load, len(c.Groups))
	var ready sync.WaitGroup
	begun := make(chan struct{})
	for i, g := range c.Groups {
		l := &load{Group: g, c: &c, number: i, limit: c.AnswerLimit, ready: &ready, begun: begun}
		loads[i], l.parts = l, l.partsIn(engine)
		for range l.parts {
			l.shards = append(l.shards, newShard(&c.Record))
		}
		if g.Schedule != nil {
			l.starts = newStarts(*g.Schedule, c.Stream(fmt.Sprintf("schedule/%d", i)))
		}
	}
	var running sync.WaitGroup
	if engine == Epoll {
		defer spareProcessors(loads)()
	}
	for _, l := range loads {
		switch engine {
		case Epoll:
			l.runEpoll(ctx, &running)
		default:
			l.runGoroutines(ctx, &running)
		}
	}
	ready.Wait()
	zero := time.Now()
	for _, l := range loads {
		l.zero = zero
	}
	close(begun)
	return collect(ctx, &c, engine, loads, &running, zero), nil
}

// spareProcessors gives the Go scheduler as many processors more as there are loops. A loop that waits in the kernel holds
// one; where none is idle beside it, the scheduler takes it away again and again, 20 µs into each wait, and that costs more
// than the request. It returns what puts the number back.
func spareProcessors(loads []*load) (restore func()) {
	before, loops := runtime.GOMAXPROCS(0), 1
	for _, l := range loads {
		loops += len(l.parts)
	}
	runtime.GOMAXPROCS(before + loops)
	return func() { runtime.GOMAXPROCS(before) }
}

// partsIn divides a group's clients among shards: those of one worker of the epoll engine, or some that share counters.
func (l *load) partsIn(engine string) []int {
	n := max(1, runtime.GOMAXPROCS(0)/2/len(l.c.Groups))
	if engine != Epoll {
		n = 2 * runtime.GOMAXPROCS(0)
	}
	n = min(n, 16, l.Clients)
	parts := make([]int, n)
	for i := range parts {
		parts[i] = (l.Clients + i) / n
	}
	return parts
}

// over says whether no request may start any more: of a closed load at its end, of an open one when even those may
// not that should have started before. The first request of a closed load's client is sent however late it is.
func (l *load) over(now time.Duration) bool {
	if l.starts != nil {
		return now >= l.c.For+l.c.Tail
	}
	return now >= l.c.For
}

// think draws how long a client pauses.
func (l *load) think(rnd *rand.Rand) time.Duration {
	if width := l.ThinkMax - l.ThinkMin; width > 0 {
		return l.ThinkMin + time.Duration(rnd.Int64N(int64(width)+1))
	}
	return l.ThinkMin
}

// first is when a client of a closed load sends its first request.
func (l *load) first(client int) time.Duration {
	return l.Ramp * time.Duration(client) / time.Duration(l.Clients)
}
