package loadgen

import (
	"bufio"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/result"
)

// A peer is one connection of a scripted server.
type peer struct {
	net.Conn
	r *bufio.Reader
}

// request reads one request without a body; it is false when there is none any more.
func (p *peer) request() bool {
	for {
		line, err := p.r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == "\r\n" {
			return true
		}
	}
}

func (p *peer) say(s string) bool {
	_, err := io.WriteString(p, s)
	return err == nil
}

const hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

// A scripted server does the same on every connection, and counts the requests that it has read whole.
type scripted struct {
	addr string
	read atomic.Int64
}

// serve starts a scripted server. It is gone, with its connections, at the end of the test.
func serve(t *testing.T, script func(s *scripted, p *peer)) *scripted {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &scripted{addr: ln.Addr().String()}
	var mu sync.Mutex
	var conns []net.Conn
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
			all.Go(func() {
				defer func() { _ = conn.Close() }()
				script(s, &peer{conn, bufio.NewReader(conn)})
			})
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		mu.Lock()
		for _, c := range conns {
			_ = c.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	return s
}

// answering says the same to every request.
func answering(text string) func(s *scripted, p *peer) {
	return func(s *scripted, p *peer) {
		for p.request() {
			s.read.Add(1)
			if !p.say(text) {
				return
			}
		}
	}
}

func get(t *testing.T, addr string) []Request {
	t.Helper()
	r, err := NewRequest("GET", "/", addr, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return []Request{r}
}

func below400(status int) bool { return status < 400 }

func stream(name string) *rand.Rand {
	return rand.New(rand.NewPCG(1, uint64(len(name))))
}

// config is a closed load of two clients on one address.
func config(t *testing.T, addr string, d time.Duration) Config {
	t.Helper()
	return Config{
		Address: addr, For: d, Stream: stream,
		Groups: []Group{{Op: "http", Name: "http", Requests: get(t, addr), Good: below400, Clients: 2}},
	}
}

// inEngines runs a test in every engine that there is here.
func inEngines(t *testing.T, test func(t *testing.T, engine string)) {
	engines := []string{Goroutine}
	if hasEpoll {
		engines = append(engines, Epoll)
	}
	for _, e := range engines {
		t.Run(e, func(t *testing.T) { test(t, e) })
	}
}

// run offers a load and fails a test whose load does not end by itself.
func run(t *testing.T, c Config) result.Trial {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	trial, err := Run(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	if ctx.Err() != nil {
		t.Fatal("the load did not end by itself")
	}
	return trial
}

// runUntil offers a load until so many requests have an outcome, however long a busy machine takes.
func runUntil(t *testing.T, c Config, outcomes int64) result.Trial {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c.For, c.Every = time.Hour, 2*time.Millisecond
	c.Tick = func(now Tick) {
		if now.Sent-now.InFlight() >= outcomes {
			cancel()
		}
	}
	trial, err := Run(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Fatalf("%d requests had no outcome within a minute: %+v", outcomes, trial.Throughput)
	}
	return trial
}

// failures are those of a trial by class.
func failures(trial result.Trial) map[string]int64 {
	all := map[string]int64{}
	for _, f := range trial.Failures {
		all[f.Class] += f.Count
	}
	return all
}
