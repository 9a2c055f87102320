package loadgen

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// serveStreams starts a server of HTTP/2 that answers, cuts, fails or never answers, by the path.
func serveStreams(t *testing.T, secure bool) *httptest.Server {
	t.Helper()
	gone := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			w.WriteHeader(http.StatusHTTPVersionNotSupported)
		}
		_, _ = w.Write([]byte("hello"))
	})
	mux.HandleFunc("/fails", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	mux.HandleFunc("/never", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-gone:
		}
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("hel"))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/aborts", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	s := httptest.NewUnstartedServer(mux)
	s.Config.Protocols = new(http.Protocols)
	if secure {
		s.Config.Protocols.SetHTTP2(true)
		s.EnableHTTP2 = true
		s.StartTLS()
	} else {
		s.Config.Protocols.SetUnencryptedHTTP2(true)
		s.Start()
	}
	t.Cleanup(func() {
		close(gone)
		s.Close()
	})
	return s
}

// streaming is a closed load of six clients of HTTP/2, four on a connection.
func streaming(t *testing.T, url, path string, body []byte) Config {
	t.Helper()
	_, addr, _ := strings.Cut(url, "://")
	c := config(t, addr, 0)
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	r, err := NewStream(method, url+path, [][2]string{{"Content-Type", "application/grpc"}, {"Te", "trailers"}}, body)
	if err != nil {
		t.Fatal(err)
	}
	c.Groups[0].Requests, c.Groups[0].Clients, c.Groups[0].Streams = []Request{r}, 6, &Streams{Each: 4}
	return c
}

// TestHTTP2 offers load by streams, with TLS and without: clients share connections.
func TestHTTP2(t *testing.T) {
	for name, secure := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			s := serveStreams(t, secure)
			c := streaming(t, s.URL, "/", nil)
			if secure {
				c.TLS = Insecure("127.0.0.1")
			}
			trial := runUntil(t, c, 200)
			th := trial.Throughput[0]
			if th.Accepted < 200 || len(trial.Failures) > 0 || len(trial.Answers) != 1 || trial.Answers[0].Status != 200 || len(trial.Latency) == 0 {
				t.Errorf("%+v, %v, %v", th, trial.Failures, trial.Answers)
			}
			if notes := strings.Join(trial.Notes, " "); !strings.Contains(notes, "connections: 2 opened") {
				t.Error(notes)
			}
		})
	}
	c := streaming(t, "http://127.0.0.1:1", "/", nil)
	c.Engine = Epoll
	if _, err := c.EngineFor(); err == nil {
		t.Error("epoll has HTTP/2")
	}
}

// TestStreamsFail has a class for each way in which a stream fails; the other streams of its connection go on.
func TestStreamsFail(t *testing.T) {
	for path, class := range map[string]string{"/never": "timeout", "/cut": "partial", "/aborts": "sent-no-byte", "/fails": ""} {
		t.Run(path, func(t *testing.T) {
			c := streaming(t, serveStreams(t, false).URL, path, nil)
			if class == "timeout" {
				c.AnswerLimit = 300 * time.Millisecond
			}
			trial := runUntil(t, c, 4)
			got := failures(trial)
			if class != "" && (got[class] == 0 || len(got) != 1) || class == "" && (len(got) > 0 || trial.Throughput[0].Refused == 0) || len(trial.Latency) > 0 {
				t.Errorf("failures are %v, want %q; %+v", got, class, trial.Throughput[0])
			}
		})
	}
	for name, row := range map[string]struct {
		script func(s *scripted, p *peer)
		class  string
	}{
		"closes":          {func(_ *scripted, p *peer) { p.request() }, "sent-no-byte"},
		"speaks HTTP/1.1": {speaksTheOther, "garbage"},
		"refuses":         {refuses, "told-away"},
		"never a setting": {func(_ *scripted, p *peer) { p.request(); p.request(); p.request() }, "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			c := streaming(t, "http://"+serve(t, row.script).addr, "/", nil)
			if row.class == "timeout" {
				c.AnswerLimit = 300 * time.Millisecond
			}
			got := failures(runUntil(t, c, 4))
			delete(got, "reset-before-send") // a connection that had just ended, when another client wanted a place on it
			if got[row.class] == 0 || len(got) != 1 {
				t.Errorf("failures are %v, want only %s", got, row.class)
			}
		})
	}
}

// speaksTheOther answers as a server of HTTP/1.1 alone, and leaves the end to the client.
func speaksTheOther(_ *scripted, p *peer) {
	for ok := p.say("HTTP/1.1 400 Bad Request\r\n\r\n"); ok; ok = p.request() {
	}
}

// refuses says of every stream that it was not touched.
func refuses(_ *scripted, p *peer) {
	if _, err := p.r.Discard(len(http2.ClientPreface)); err != nil {
		return
	}
	fr := http2.NewFramer(p, p.r)
	_ = fr.WriteSettings()
	for {
		f, err := fr.ReadFrame()
		if err != nil {
			return
		}
		if h, ok := f.(*http2.HeadersFrame); ok {
			_ = fr.WriteRSTStream(h.StreamID, http2.ErrCodeRefusedStream)
		}
	}
}

// TestCalls offers calls of gRPC to a server of the released library: their status is that of the trailers.
func TestCalls(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	healthpb.RegisterHealthServer(s, health.NewServer())
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	for path, status := range map[string]int{"/grpc.health.v1.Health/Check": 200, "/grpc.health.v1.Health/None": 1012} {
		c := streaming(t, "http://"+l.Addr().String(), path, make([]byte, 5))
		c.Groups[0].Streams.Calls = true
		trial := runUntil(t, c, 50)
		if len(trial.Failures) > 0 || len(trial.Answers) != 1 || trial.Answers[0].Status != status || (status == 200) != (trial.Throughput[0].Accepted > 0) {
			t.Errorf("%s: %v, %v, %+v", path, trial.Failures, trial.Answers, trial.Throughput[0])
		}
	}
	// What is no gRPC has no status that says that it was well.
	c := streaming(t, serveStreams(t, false).URL, "/", make([]byte, 5))
	c.Groups[0].Streams.Calls = true
	if got := failures(runUntil(t, c, 4)); got["partial"] == 0 || len(got) != 1 {
		t.Errorf("failures are %v", got)
	}
}
