package loadgen

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Every request that the server has read got its answer and is counted once, on kept connections.
func TestClosedLoadCountsWhatTheServerCounts(t *testing.T) {
	inEngines(t, func(t *testing.T, engine string) {
		s := serve(t, answering(hello))
		c := config(t, s.addr, 500*time.Millisecond)
		c.Engine = engine
		trial := run(t, c)
		th := trial.Throughput[0]
		if th.Accepted == 0 || th.Sent != s.read.Load() || th.Accepted != th.Sent || len(trial.Failures) > 0 {
			t.Errorf("the server read %d requests; %+v, failures %v", s.read.Load(), th, trial.Failures)
		}
		if got := trial.Answers; len(got) != 1 || got[0].Status != 200 || got[0].Count != th.Accepted {
			t.Errorf("answers are %v", got)
		}
		if got := trial.Latency[0].Hist.TotalCount(); got != th.Accepted {
			t.Errorf("%d latencies of %d accepted requests", got, th.Accepted)
		}
	})
}

// A class for each way in which a request fails; none of them enters the latencies.
func TestFailuresHaveClasses(t *testing.T) {
	inEngines(t, func(t *testing.T, engine string) {
		for _, c := range []struct {
			name, class string
			script      func(s *scripted, p *peer)
		}{
			{"closes without a byte", "sent-no-byte", func(s *scripted, p *peer) { p.request() }},
			{"resets", "sent-no-byte", func(s *scripted, p *peer) {
				p.request()
				_ = p.Conn.(*net.TCPConn).SetLinger(0)
			}},
			{"cuts a head", "partial", func(s *scripted, p *peer) { p.request(); p.say("HTTP/1.1 200 OK\r\nConte") }},
			{"cuts a body", "partial", func(s *scripted, p *peer) {
				p.request()
				p.say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel")
			}},
			{"cuts a chunk", "partial", func(s *scripted, p *peer) {
				p.request()
				p.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
			}},
			{"speaks garbage", "garbage", func(s *scripted, p *peer) { p.request(); p.say("220 mail ESMTP\r\n") }},
			{"never answers", "timeout", func(s *scripted, p *peer) { p.request(); p.request() }},
			{"answers for ever", "timeout", func(s *scripted, p *peer) {
				p.request()
				for ok := p.say("HTTP/1.1 200 OK\r\n\r\n"); ok; ok = p.say(strings.Repeat("x", 1<<10)) {
				}
			}},
			{"sends headers for ever", "garbage", func(s *scripted, p *peer) {
				p.request()
				for ok := p.say("HTTP/1.1 200 OK\r\n"); ok; ok = p.say("X: " + strings.Repeat("y", 500) + "\r\n") {
				}
			}},
		} {
			t.Run(c.name, func(t *testing.T) {
				s := serve(t, c.script)
				cfg := config(t, s.addr, 0)
				cfg.Engine, cfg.AnswerLimit = engine, 300*time.Millisecond
				trial := runUntil(t, cfg, 2)
				got := failures(trial)
				if got[c.class] == 0 || len(got) != 1 || len(trial.Latency) > 0 {
					t.Errorf("failures are %v, want only %s; %d latencies", got, c.class, len(trial.Latency))
				}
				if th := trial.Throughput[0]; th.Sent != th.Refused+th.Unknown || th.Accepted > 0 {
					t.Errorf("not every request has an outcome: %+v", th)
				}
			})
		}
	})
}

// A server that sends its answer byte by byte is slow and right.
func TestAnswersInPieces(t *testing.T) {
	inEngines(t, func(t *testing.T, engine string) {
		s := serve(t, func(s *scripted, p *peer) {
			_ = p.Conn.(*net.TCPConn).SetNoDelay(true)
			for p.request() {
				for i := range hello {
					if !p.say(hello[i : i+1]) {
						return
					}
				}
			}
		})
		c := config(t, s.addr, 0)
		c.Engine = engine
		if trial := runUntil(t, c, 3); trial.Throughput[0].Accepted == 0 || len(trial.Failures) > 0 {
			t.Errorf("%+v, %v", trial.Throughput[0], trial.Failures)
		}
	})
}

// A server that closes every connection after its answer, with and without saying so: every request gets an answer, on
// a connection of its own, and none is sent twice.
func TestConnectionsThatEndAfterAnAnswer(t *testing.T) {
	inEngines(t, func(t *testing.T, engine string) {
		for _, head := range []string{"Content-Length: 5\r\nConnection: close\r\n\r\n", "\r\n"} {
			s := serve(t, func(s *scripted, p *peer) {
				if p.request() {
					s.read.Add(1)
					p.say("HTTP/1.1 200 OK\r\n" + head + "hello")
				}
			})
			c := config(t, s.addr, 300*time.Millisecond)
			c.Engine = engine
			trial := run(t, c)
			if th := trial.Throughput[0]; th.Accepted == 0 || th.Accepted != th.Sent || th.Sent != s.read.Load() {
				t.Errorf("%q: %+v, %v; the server read %d", head, th, trial.Failures, s.read.Load())
			}
		}
	})
}

// Nobody listens: a class, and pauses that grow, so that a server that starts again is not drowned.
func TestRefusalsBackOff(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	_ = ln.Close()
	inEngines(t, func(t *testing.T, engine string) {
		c := config(t, addr, 0)
		c.Engine = engine
		began := time.Now()
		trial := runUntil(t, c, 16)
		got := failures(trial)
		if got["refused"] < 16 || len(got) != 1 {
			t.Errorf("failures are %v", got)
		}
		// Two clients with pauses of 1, 2, 4 ms and so on: the eighth attempt of each comes no sooner than after 100 ms.
		if took := time.Since(began); took < 100*time.Millisecond {
			t.Errorf("16 attempts within %v", took)
		}
	})
}

func TestUnresolvedHostIsAClass(t *testing.T) {
	inEngines(t, func(t *testing.T, engine string) {
		c := config(t, "no-such-host.invalid:80", 0)
		c.Engine = engine
		trial := runUntil(t, c, 2)
		if got := failures(trial); got["unreachable"] == 0 || len(got) != 1 {
			t.Errorf("failures are %v", got)
		}
		if notes := strings.Join(trial.Notes, "\n"); !strings.Contains(notes, "the first unreachable: ") {
			t.Errorf("no note says why: %s", notes)
		}
	})
}

// An answer that is not wanted is counted as an answer and as refused, and has no latency.
func TestStatusesApart(t *testing.T) {
	inEngines(t, func(t *testing.T, engine string) {
		s := serve(t, answering("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"))
		c := config(t, s.addr, 0)
		c.Engine = engine
		trial := runUntil(t, c, 3)
		th := trial.Throughput[0]
		if th.Refused == 0 || len(trial.Latency) > 0 || len(trial.Failures) > 0 {
			t.Errorf("%+v, %v", th, trial.Failures)
		}
		if got := trial.Answers; len(got) != 1 || got[0].Status != 503 || got[0].Count != th.Refused {
			t.Errorf("answers are %v", got)
		}
	})
}

// The open model sends all that its schedule has, and no more.
func TestOpenLoadSendsItsSchedule(t *testing.T) {
	inEngines(t, func(t *testing.T, engine string) {
		s := serve(t, answering(hello))
		c := config(t, s.addr, 250*time.Millisecond)
		c.Engine, c.Tail = engine, time.Minute // however busy the machine is
		c.Groups[0].Schedule = &Schedule{Stages: []Stage{{For: c.For, From: 400, To: 400}}}
		th := run(t, c).Throughput[0]
		if th.Sent != 100 || th.Accepted != 100 || th.Unsent != 0 || s.read.Load() != 100 {
			t.Errorf("%+v; the server read %d", th, s.read.Load())
		}
	})
}

// A server that stalls holds a pool up. Starts that could not happen are measured from when they should have: the
// latencies are those of the stall, whatever the machine adds. The service times are not, but for the few in flight.
func TestAStallIsNotOmitted(t *testing.T) {
	const stall = 500 * time.Millisecond
	inEngines(t, func(t *testing.T, engine string) {
		stalled := make(chan struct{})
		var began time.Time
		s := serve(t, func(s *scripted, p *peer) {
			for p.request() {
				if s.read.Add(1) == 100 {
					began = time.Now()
					close(stalled)
				}
				select {
				case <-stalled:
					time.Sleep(time.Until(began.Add(stall)))
				default:
				}
				if !p.say(hello) {
					return
				}
			}
		})
		c := config(t, s.addr, time.Second)
		c.Engine, c.Tail = engine, time.Minute
		c.Groups[0].Clients = 10
		c.Groups[0].Schedule = &Schedule{Stages: []Stage{{For: c.For, From: 500, To: 500}}}
		trial := run(t, c)
		if th := trial.Throughput[0]; th.Sent != 500 || th.Accepted != 500 {
			t.Fatalf("%+v", th)
		}
		// 250 starts fell into the stall and waited for its end, evenly from all of it down to nothing.
		h, service := trial.Latency[0].Hist, trial.Service[0].Hist
		for q, atLeast := range map[float64]time.Duration{99: 480, 90: 390, 75: 240, 60: 95} {
			if got := time.Duration(h.ValueAtQuantile(q)); got < atLeast*time.Millisecond {
				t.Errorf("p%.0f is %v, and the stall alone makes it %d ms", q, got, atLeast)
			}
		}
		// The pool of 10 was in the server's hands, and what the machine adds; the others only waited to be sent.
		if held, waited := countAbove(service, stall/2), countAbove(h, stall/2); held > waited/2 {
			t.Errorf("%d requests took half the stall from when they left, and %d from when they should have", held, waited)
		}
	})
}

// With the load ended from outside, what is in flight has no outcome, and is said.
func TestEndedFromOutside(t *testing.T) {
	inEngines(t, func(t *testing.T, engine string) {
		s := serve(t, func(s *scripted, p *peer) {
			for p.request() {
				s.read.Add(1)
			}
		})
		c := config(t, s.addr, time.Hour)
		c.Engine = engine
		ctx, cancel := context.WithCancel(context.Background())
		c.Every = 5 * time.Millisecond
		c.Tick = func(Tick) {
			if s.read.Load() == 2 {
				cancel()
			}
		}
		trial, err := Run(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		if th := trial.Throughput[0]; th.Sent != 2 || th.Unknown != 2 || len(trial.Failures) > 0 {
			t.Errorf("%+v, %v", th, trial.Failures)
		}
		if notes := strings.Join(trial.Notes, "\n"); !strings.Contains(notes, "in flight when the load was ended: 2,") {
			t.Errorf("notes: %s", notes)
		}
	})
}

func countAbove(h interface {
	TotalCount() int64
	ValueAtQuantile(float64) int64
}, d time.Duration) int64 {
	n := h.TotalCount()
	for i := range n {
		if q := 100 * (float64(i) + 0.5) / float64(n); h.ValueAtQuantile(q) > int64(d) {
			return n - i
		}
	}
	return 0
}

func TestEngines(t *testing.T) {
	for _, c := range []struct {
		engine string
		secure bool
		want   string
	}{{Goroutine, false, Goroutine}, {Goroutine, true, Goroutine}, {Auto, true, Goroutine}, {Epoll, true, ""}, {"uring", false, ""}} {
		cfg := Config{Engine: c.engine}
		if c.secure {
			cfg.TLS = Insecure("localhost")
		}
		got, err := cfg.EngineFor()
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s, secure %v: %q, %v", c.engine, c.secure, got, err)
		}
	}
}

// A server that closes idle connections ends none of the requests: its closing is seen before the next one is sent.
func TestIdleConnectionsThatTheServerCloses(t *testing.T) {
	inEngines(t, func(t *testing.T, engine string) {
		s := serve(t, func(_ *scripted, p *peer) {
			if p.request() {
				p.say(hello) // and it closes
			}
		})
		c := config(t, s.addr, 0)
		c.Engine = engine
		c.Groups[0].ThinkMin, c.Groups[0].ThinkMax = 500*time.Millisecond, 550*time.Millisecond
		trial := runUntil(t, c, 5) // two clients: one of them has come back twice
		if th := trial.Throughput[0]; th.Accepted < 5 || len(trial.Failures) > 0 {
			t.Errorf("%+v, %v", th, trial.Failures)
		}
	})
}

// Clients of a ramp begin one after another.
func TestRampOfClients(t *testing.T) {
	l := load{Group: Group{Clients: 4, Ramp: time.Second}}
	for i, want := range []time.Duration{0, 250, 500, 750} {
		if got := l.first(i); got != want*time.Millisecond {
			t.Errorf("client %d begins at %v", i, got)
		}
	}
}

// Over TLS the same is counted, and a server that closes each connection sees sessions resumed.
func TestTLS(t *testing.T) {
	var resumed atomic.Int64
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS.DidResume {
			resumed.Add(1)
		}
		w.Header().Set("Connection", "close")
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	defer srv.Close()
	c := config(t, srv.Listener.Addr().String(), 200*time.Millisecond)
	c.TLS = Insecure("127.0.0.1")
	trial := run(t, c)
	if th := trial.Throughput[0]; th.Accepted == 0 || th.Accepted != th.Sent {
		t.Errorf("%+v, %v", th, trial.Failures)
	}
	if n := trial.Throughput[0].Accepted; n > 4 && resumed.Load() < n/2 {
		t.Errorf("%d of %d requests came on resumed sessions", resumed.Load(), n)
	}
}

// What does not speak TLS gives no connection.
func TestNoTLSThere(t *testing.T) {
	s := serve(t, answering("not TLS\r\n\r\n"))
	c := config(t, s.addr, 30*time.Millisecond)
	c.TLS, c.AnswerLimit = Insecure("127.0.0.1"), 300*time.Millisecond
	if got := failures(runUntil(t, c, 2)); got["unreachable"] == 0 || len(got) != 1 {
		t.Errorf("failures are %v", got)
	}
}

// A timeline holds all that was counted, in at most so many pieces.
func TestTimelineOfALongLoad(t *testing.T) {
	l := timeline{width: time.Second}
	sum := newPair()
	_ = sum.latency.RecordValue(5_000_000)
	for i := range 1000 {
		l.add(Tick{At: time.Duration(i+1) * time.Second, Took: time.Second, Done: 1, Failed: 1, Latency: sum.latency})
	}
	var accepted, refused int64
	for i, p := range l.ticks() {
		if p.At != i {
			t.Errorf("piece %d is at %d", i, p.At)
		}
		accepted, refused = accepted+p.Accepted, refused+p.Refused
	}
	if len(l.pieces) > maxTicks || accepted != 1000 || refused != 1000 || l.width != 32*time.Second {
		t.Errorf("%d pieces of %v hold %d accepted and %d refused", len(l.pieces), l.width, accepted, refused)
	}
}
